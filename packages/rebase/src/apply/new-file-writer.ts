import { type DiskImage, writeFileAtomically } from '@virt-similarity/core';
import { differenceOf, firstDifference, guestSize } from './compare-disks.js';
import { changed } from './file-state.js';
import type { PlanDisks } from './plan-disks.js';
import type { PlacedContent } from './plan-paths.js';
import type { PlanState } from './plan-state.js';
import { qcow2File } from './qcow2-file.js';
import { checkQcow2, copyAttributes } from './tools.js';

/** Writes the new files of a plan beside the images, checks them and records them in the journal. */
export class NewFileWriter {
  readonly #state: PlanState;
  readonly #disks: PlanDisks;
  readonly #note: (text: string) => void;
  readonly #signal: AbortSignal;

  constructor(state: PlanState, disks: PlanDisks, note: (text: string) => void, signal: AbortSignal) {
    this.#state = state;
    this.#disks = disks;
    this.#note = note;
    this.#signal = signal;
  }

  /**
   * Writes every new file that is not complete. Overlays of an earlier process are compared with their images again,
   * except those that have replaced their images.
   *
   * @throws `changed` if an overlay differs from its image or an image is not as planned; `in-use` if another program
   *   has a file open for writing; `corrupt` if qemu-img fails for a new file; `unavailable` if a tool is missing or
   *   the attributes of an image cannot be copied; `aborted`; and the errors of reading and writing.
   */
  async writeAll(): Promise<void> {
    for (const index of this.#state.newBases) {
      await this.#writeNewBase(index);
    }
    for (const index of this.#state.changedImages) {
      await this.#writeFilesOf(index);
    }
  }

  async #writeNewBase(index: number): Promise<void> {
    const { plan, paths } = this.#state;
    const newBase = plan.newBases[index]!;
    const path = paths.newBase(index);
    if (await this.#state.isWritten(path)) {
      return;
    }
    const disks = new Map<number, DiskImage>();
    const owners = new Map<number, number>();
    try {
      for (const [start, blocks, image] of newBase.runs) {
        for (let block = start; block < start + blocks; block++) {
          owners.set(block, image);
        }
        if (!disks.has(image)) {
          disks.set(image, await this.#disks.openImage(image));
        }
      }
      const file = qcow2File({
        clusterSize: plan.blockSize,
        virtualSize: guestSize(newBase),
        backing: newBase.base === null ? undefined : paths.content(newBase.base),
        data: [...owners.keys()].sort((a, b) => a - b),
        zeros: [],
        read: (cluster, target) => readCluster(disks.get(owners.get(cluster)!)!, cluster, plan.blockSize, target),
      });
      await this.#write(path, file, [...disks.keys()][0]!);
      await this.#record(path);
    } finally {
      for (const disk of disks.values()) {
        await disk.close();
      }
    }
  }

  /** Writes the overlay of an image. If the image becomes a base, first writes or links the file of the base. */
  async #writeFilesOf(index: number): Promise<void> {
    const { paths } = this.#state;
    const { isWritten, base, chain } = this.#state.image(index);
    const becomesBase = paths.becomesBase(index);
    const content = becomesBase ? paths.base(index) : paths.overlay(index);
    if (isWritten) {
      await this.#writeContent(index, content, base === null ? undefined : paths.content(base));
    } else {
      await this.#state.link(index, content);
    }
    if (becomesBase) {
      await this.#writeContent(index, paths.overlay(index), {
        path: content,
        format: isWritten ? 'qcow2' : chain[0]!.format,
      });
    }
  }

  /**
   * Writes a file with the content of an image: an overlay on `backing`, or a full file without it. Compares the file
   * with the image, and records it. If the file is complete already, only compares it again, and only if the plan was
   * begun by an earlier process and the file has not replaced the image.
   */
  async #writeContent(index: number, path: string, backing: PlacedContent | undefined): Promise<void> {
    if (await this.#state.isWritten(path)) {
      if (this.#state.wasBegun && !(await this.#state.isExchanged(index))) {
        await this.#requireEqual(index, path);
      }
      return;
    }
    const clusterSize = this.#state.plan.blockSize;
    const disk = await this.#disks.openImage(index);
    try {
      const base = backing && (await this.#disks.open(backing));
      try {
        const { data, zeros } = await differenceOf(disk, base, clusterSize, this.#signal);
        const file = qcow2File({
          clusterSize,
          virtualSize: guestSize(disk),
          backing,
          data,
          zeros,
          read: (cluster, target) => readCluster(disk, cluster, clusterSize, target),
        });
        await this.#write(path, file, index);
      } finally {
        await base?.close();
      }
    } finally {
      await disk.close();
    }
    await this.#requireEqual(index, path);
    await this.#record(path);
  }

  /**
   * Requires that an overlay, read through its bases, is equal to its image, and that the image is as planned after the
   * comparison.
   */
  async #requireEqual(index: number, path: string): Promise<void> {
    const image = this.#state.paths.image(index);
    const disk = await this.#disks.openImage(index);
    try {
      const written = await this.#disks.open({ path, format: 'qcow2' });
      try {
        const position = await firstDifference(written, disk, this.#signal);
        if (position !== undefined) {
          throw changed(
            image,
            `differs from its overlay at byte ${position}: the image was written to; roll back and plan again`,
          );
        }
      } finally {
        await written.close();
      }
    } finally {
      await disk.close();
    }
    await this.#state.requireUnchanged(image, this.#state.planned(index));
  }

  /**
   * Writes a new file, checks its structure, and gives it the owner, permissions and extended attributes of the image
   * `like`.
   */
  async #write(path: string, chunks: AsyncIterable<Uint8Array>, like: number): Promise<void> {
    const directory = await this.#state.directories.of(path);
    await writeFileAtomically(path, chunks, { directory, mode: 0o600, signal: this.#signal });
    await checkQcow2(path, this.#signal);
    await copyAttributes(this.#state.paths.image(like), path, this.#signal);
  }

  async #record(path: string): Promise<void> {
    await this.#state.record(path);
    this.#note(`wrote ${path}`);
  }
}

/**
 * Reads a cluster of a disk into the beginning of `target`. At the end of the disk, the remaining bytes of `target` do
 * not change.
 */
async function readCluster(disk: DiskImage, cluster: number, clusterSize: number, target: Uint8Array): Promise<void> {
  const start = cluster * clusterSize;
  await disk.read(target.subarray(0, Math.min(clusterSize, disk.virtualSize - start)), start);
}
