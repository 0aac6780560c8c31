import { chmod } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import {
  type Analyzer,
  type DiskImage,
  fileKeyOf,
  fileNumberOf,
  isEscaped,
  systemPath,
  writeFileAtomically,
} from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { differenceOf, firstDifference, guestSize } from './compare-disks.js';
import { changed, isPlanned, isSameFile, isWrittenFile, PlanDirectories } from './file-state.js';
import type { Journal } from './journal.js';
import { overlaysIn } from './other-overlays.js';
import { type PlanFile, type PlanFileReference, topFile } from './plan-file.js';
import { type PlacedContent, PlanPaths } from './plan-paths.js';
import { qcow2File } from './qcow2-file.js';
import { checkQcow2, copyAttributes } from './tools.js';

/** What applying a plan needs. */
export interface ApplyContext {
  readonly analyzer: Analyzer;
  readonly journal: Journal;
  /** Receives one line for each file that was written or exchanged. */
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
}

/** The permission bits that let somebody write. */
const WRITABLE = 0o222n;
const PERMISSIONS = 0o7777n;
/** Bytes of a file name; Linux's limit. */
const LONGEST_NAME = 255;

/** A file that overlays of the plan are on. */
interface PlanBase {
  readonly path: string;
  /** The image that it was, unless it is a file that the plan makes. */
  readonly image: number | undefined;
}

/**
 * Applies a plan, or goes on where an earlier process was interrupted. First every new file is written beside its image
 * and flushed to disk, and each overlay, read through its bases, is compared with its image byte by byte. Only when all
 * are complete is each image replaced, by a rename; the image stays under another name. Whatever happens in between,
 * every image is complete under its path.
 */
export class PlanApplication {
  readonly #plan: PlanFile;
  readonly #paths: PlanPaths;
  readonly #context: ApplyContext;
  readonly #directories = new PlanDirectories();
  /** Whether an earlier process began, so that an image may have changed since its overlay was written. */
  #isResumed = false;

  constructor(plan: PlanFile, context: ApplyContext) {
    this.#plan = plan;
    this.#paths = new PlanPaths(plan);
    this.#context = context;
  }

  async close(): Promise<void> {
    await this.#directories.close();
  }

  /**
   * @throws `changed` if an image or base is not as planned, `in-use`, `refused`, `unavailable` if there is not enough
   *   room, and what reading throws. Every image is then as before, or replaced by an equal overlay.
   */
  async apply(): Promise<void> {
    const { journal } = this.#context;
    this.#isResumed = journal.has('began');
    await this.check();
    if (!this.#isResumed) {
      await journal.append({ event: 'began', plan: this.#plan.id });
    }
    for (const index of this.#newBasesFirst()) {
      await this.#writeNewBase(index);
    }
    for (const index of this.#basesFirst()) {
      await this.#writeImage(index);
    }
    await this.#requirePlanned();
    for (const index of this.#changedImages()) {
      await this.#exchange(index);
    }
    await this.#protectBases();
    if (!journal.has('applied')) {
      await journal.append({ event: 'applied' });
    }
  }

  /**
   * Checks what can be checked before anything is written.
   *
   * @throws as `apply`.
   */
  async check(): Promise<void> {
    this.#requireUsableNames();
    await this.#requirePlanned();
    await this.#requireSoleNames();
    await this.#requireNoOtherOverlays(this.#changedImages().map((index) => this.#paths.image(index)));
    await this.#requireRoom();
    for (const path of this.#newFiles()) {
      await this.#requireOwn(path);
    }
    for (const index of this.#changedImages()) {
      await this.#requireOwn(this.#paths.original(index));
      if (!(await this.#isExchanged(index))) {
        // Opening fails if a machine runs on it.
        await (await this.#openImage(index)).close();
      }
    }
  }

  /** Returns the images that had another format than qcow2. */
  imagesWithNewFormat(): string[] {
    return this.#changedImages()
      .filter((index) => this.#plan.images[index]!.chain[0]!.format !== 'qcow2')
      .map((index) => this.#paths.image(index));
  }

  /** Returns the new files and their bases. */
  newFileRows(): string[][] {
    const rows = this.#plan.newBases.map(({ base }, index) => [this.#paths.newBase(index), this.#nameOf(base)]);
    for (const index of this.#basesFirst()) {
      const { isWritten, base } = this.#plan.images[index]!;
      const becomesBase = this.#paths.becomesBase(index);
      if (becomesBase) {
        rows.push([this.#paths.base(index), isWritten ? this.#nameOf(base) : '']);
      }
      rows.push([this.#paths.image(index), becomesBase ? this.#paths.base(index) : this.#nameOf(base)]);
    }
    return rows;
  }

  #nameOf(base: PlanFileReference): string {
    return base === null ? '' : this.#paths.content(base).path;
  }

  /**
   * Puts every image back and removes the new files.
   *
   * @throws `changed` if an overlay or base was written to since, which would be lost, and `refused` after `commit`.
   */
  async rollBack(): Promise<void> {
    const { journal, note } = this.#context;
    if (journal.has('committing')) {
      throw new VirtSimilarityError(
        'refused',
        'cannot roll back: the originals were deleted when the plan was committed',
      );
    }
    // Everything is checked before anything is changed.
    for (const index of this.#changedImages()) {
      await this.#requireRestorable(index);
    }
    await this.#requireNoOtherOverlays(this.#newFiles());
    // Overlays before their bases, whose names stay until the end: at every moment each image is complete.
    for (const index of this.#basesFirst().toReversed()) {
      await this.#restore(index);
      note(`${this.#paths.image(index)} is the original again`);
    }
    await this.#unprotectBases();
    const kept = this.#changedImages().flatMap((index) => [this.#paths.original(index), this.#paths.restored(index)]);
    for (const path of [...kept, ...this.#newFiles()]) {
      // Also one that a killed process wrote and did not record: before the plan was begun no such file existed.
      if ((await this.#directories.statusOf(path)) !== undefined) {
        await this.#directories.remove(path);
      }
    }
    await this.#directories.sweep();
    await journal.append({ event: 'rolled-back' });
  }

  /**
   * Deletes the originals that overlays have replaced.
   *
   * @throws `refused` unless the plan is applied, and `changed` if a base or an original is not what it was.
   */
  async commit(): Promise<void> {
    const { journal, note } = this.#context;
    if (!journal.has('applied') || journal.has('rolled-back')) {
      throw new VirtSimilarityError('refused', 'cannot commit: the plan is not applied; apply it first');
    }
    await this.#requireBases();
    for (const index of this.#changedImages()) {
      await this.#requireOverlay(index);
    }
    if (!journal.has('committing')) {
      await journal.append({ event: 'committing' });
    }
    for (const index of this.#changedImages()) {
      const original = this.#paths.original(index);
      const status = await this.#directories.statusOf(original);
      if (status === undefined || !this.#plan.images[index]!.isWritten) {
        continue;
      }
      if (!isPlanned(status, topFile(this.#plan.images[index]!))) {
        throw changed(original, 'is not the original of the plan; it is not deleted');
      }
      await this.#directories.remove(original);
      note(`deleted ${original}`);
    }
    await journal.append({ event: 'committed' });
  }

  /** Requires that nothing was written to a base since the plan was applied. */
  async #requireBases(): Promise<void> {
    const { journal } = this.#context;
    for (const base of this.#bases()) {
      const status = await this.#directories.statusOf(base.path);
      const isAsBefore =
        base.image === undefined
          ? isWrittenFile(status, journal.written(base.path))
          : isPlanned(status, topFile(this.#plan.images[base.image]!));
      if (!isAsBefore) {
        throw changed(base.path, 'is a base and was written to since the plan was applied; no original is deleted');
      }
    }
  }

  /** Requires that the overlay of an image is in its place and whole; a machine may have written to it. */
  async #requireOverlay(index: number): Promise<void> {
    const path = this.#paths.image(index);
    if (!(await this.#isExchanged(index))) {
      throw changed(path, 'is not the overlay of the plan; no original is deleted');
    }
    await checkQcow2(path, this.#context.signal);
  }

  /** Returns the files that written images use as bases, directly or through others. */
  #bases(): PlanBase[] {
    const { images, newBases } = this.#plan;
    const found = new Map<string, PlanBase>();
    const add = (reference: PlanFileReference): void => {
      for (let next = reference; next !== null; ) {
        const { path } = this.#paths.content(next);
        const isCopied = 'newBase' in next || images[next.image]!.isWritten;
        found.set(path, { path, image: isCopied || 'newBase' in next ? undefined : next.image });
        next = 'image' in next ? images[next.image]!.base : newBases[next.newBase]!.base;
      }
    };
    for (const [index, { isWritten, base }] of images.entries()) {
      if (this.#paths.becomesBase(index)) {
        add({ image: index });
      } else if (isWritten) {
        add(base);
      }
    }
    return [...found.values()];
  }

  #changedImages(): number[] {
    return this.#plan.images.flatMap(({ isWritten }, index) =>
      isWritten || this.#paths.becomesBase(index) ? [index] : [],
    );
  }

  #basesFirst(): number[] {
    const { images } = this.#plan;
    return this.#changedImages().toSorted((a, b) => this.#depthOf(images[a]!.base) - this.#depthOf(images[b]!.base));
  }

  #newBasesFirst(): number[] {
    const { newBases } = this.#plan;
    const numbers = [...newBases.keys()];
    return numbers.sort((a, b) => this.#depthOf(newBases[a]!.base) - this.#depthOf(newBases[b]!.base));
  }

  #depthOf(base: PlanFileReference): number {
    const { images, newBases } = this.#plan;
    let depth = 0;
    for (let next = base; next !== null; depth++) {
      next = 'image' in next ? images[next.image]!.base : newBases[next.newBase]!.base;
    }
    return depth;
  }

  /** The files that this plan makes, an overlay before its base. */
  #newFiles(): string[] {
    const images = this.#basesFirst().flatMap((index) => [
      ...(this.#paths.becomesBase(index) ? [this.#paths.base(index)] : []),
      this.#paths.overlay(index),
    ]);
    return [...this.#newBasesFirst().map((index) => this.#paths.newBase(index)), ...images].toReversed();
  }

  /** Requires that each image of the plan is as it was planned, or was replaced by this plan. */
  async #requirePlanned(): Promise<void> {
    for (const [index, image] of this.#plan.images.entries()) {
      if (await this.#isExchanged(index)) {
        continue;
      }
      for (const file of image.chain.flatMap(({ files }) => files)) {
        if (!isPlanned(await this.#directories.statusOf(file.path), file)) {
          throw changed(file.path, 'has changed since the plan was made; plan again');
        }
      }
    }
  }

  async #isExchanged(index: number): Promise<boolean> {
    const status = await this.#directories.statusOf(this.#paths.image(index));
    const written = this.#context.journal.written(this.#paths.overlay(index));
    return (
      written !== undefined && isSameFile(status, { device: BigInt(written.device), inode: BigInt(written.inode) })
    );
  }

  async #requireRoom(): Promise<void> {
    const needed = new Map<string, { bytes: number; free: number; path: string }>();
    const add = async (path: string, bytes: number) => {
      if (isWrittenFile(await this.#directories.statusOf(path), this.#context.journal.written(path))) {
        return;
      }
      const { fileSystem, bytes: free } = await this.#directories.freeBytes(path);
      const known = needed.get(fileSystem) ?? { bytes: 0, free, path };
      needed.set(fileSystem, { ...known, bytes: known.bytes + bytes });
    };
    for (const [index, { bytes }] of this.#plan.newBases.entries()) {
      await add(this.#paths.newBase(index), bytes);
    }
    for (const index of this.#changedImages()) {
      const { isWritten, bytes, emptyOverlayBytes } = this.#plan.images[index]!;
      await add(this.#paths.overlay(index), (isWritten ? bytes : 0) + emptyOverlayBytes);
    }
    for (const { bytes, free, path } of needed.values()) {
      if (bytes > free) {
        throw new VirtSimilarityError(
          'unavailable',
          `expected ${bytes} free bytes for the new files beside ${path}, found ${free}; free some space`,
        );
      }
    }
  }

  async #writeNewBase(index: number): Promise<void> {
    const newBase = this.#plan.newBases[index]!;
    const { base, runs } = newBase;
    const virtualSize = guestSize(newBase);
    const path = this.#paths.newBase(index);
    if (await this.#isWritten(path)) {
      return;
    }
    const { blockSize: clusterSize } = this.#plan;
    const sources = new Map<number, DiskImage>();
    const owners = new Map<number, number>();
    try {
      for (const [start, blocks, image] of runs) {
        for (let block = start; block < start + blocks; block++) {
          owners.set(block, image);
        }
        if (!sources.has(image)) {
          sources.set(image, await this.#openImage(image));
        }
      }
      const read = async (cluster: number, target: Uint8Array) => {
        const disk = sources.get(owners.get(cluster)!)!;
        const start = cluster * clusterSize;
        await disk.read(target.subarray(0, Math.min(clusterSize, disk.virtualSize - start)), start);
      };
      const data = [...owners.keys()].sort((a, b) => a - b);
      const backing = base === null ? undefined : this.#paths.content(base);
      await this.#write(
        path,
        qcow2File({ clusterSize, virtualSize, backing, data, zeros: [], read }),
        [...sources.keys()][0]!,
      );
      await this.#record(path);
    } finally {
      await closeAll(sources.values());
    }
  }

  async #writeImage(index: number): Promise<void> {
    const image = this.#plan.images[index]!;
    const becomesBase = this.#paths.becomesBase(index);
    const content = becomesBase ? this.#paths.base(index) : this.#paths.overlay(index);
    if (image.isWritten) {
      await this.#writeContent(index, content, image.base === null ? undefined : this.#paths.content(image.base));
    } else if (!isSameFile(await this.#directories.statusOf(content), topFile(image))) {
      await this.#directories.link(this.#paths.image(index), content);
    }
    if (becomesBase) {
      const format = image.isWritten ? 'qcow2' : image.chain[0]!.format;
      await this.#writeContent(index, this.#paths.overlay(index), { path: content, format });
    }
  }

  /** Writes a file with the content of an image, and compares the two. */
  async #writeContent(index: number, path: string, backing: PlacedContent | undefined): Promise<void> {
    if (await this.#isWritten(path)) {
      if (this.#isResumed && !(await this.#isExchanged(index))) {
        await this.#requireEqual(index, path);
      }
      return;
    }
    const { signal } = this.#context;
    const { blockSize: clusterSize } = this.#plan;
    const disk = await this.#openImage(index);
    try {
      const base = backing && (await this.#open(backing));
      try {
        const { data, zeros } = await differenceOf(disk, base, clusterSize, signal);
        const read = async (cluster: number, target: Uint8Array) => {
          const start = cluster * clusterSize;
          await disk.read(target.subarray(0, Math.min(clusterSize, disk.virtualSize - start)), start);
        };
        const virtualSize = guestSize(disk);
        await this.#write(path, qcow2File({ clusterSize, virtualSize, backing, data, zeros, read }), index);
      } finally {
        await base?.close();
      }
    } finally {
      await disk.close();
    }
    await this.#requireEqual(index, path);
    await this.#record(path);
  }

  /** Requires that an overlay, read through its bases, is equal to its image, and the image as planned after that. */
  async #requireEqual(index: number, path: string): Promise<void> {
    const image = this.#paths.image(index);
    const disk = await this.#openImage(index);
    try {
      const written = await this.#open({ path, format: 'qcow2' });
      try {
        const position = await firstDifference(written, disk, this.#context.signal);
        if (position !== undefined) {
          throw changed(
            image,
            `differs from its overlay at byte ${position}: it was written to; go back and plan again`,
          );
        }
      } finally {
        await written.close();
      }
    } finally {
      await disk.close();
    }
    if (!isPlanned(await this.#directories.statusOf(image), topFile(this.#plan.images[index]!))) {
      throw changed(image, 'was written to while it was copied; plan again');
    }
  }

  async #isWritten(path: string): Promise<boolean> {
    if (isWrittenFile(await this.#directories.statusOf(path), this.#context.journal.written(path))) {
      return true;
    }
    // The overlay may be in its place already.
    const image = this.#changedImages().find((index) => this.#paths.overlay(index) === path);
    return image !== undefined && (await this.#isExchanged(image));
  }

  /**
   * Requires that a file that this plan makes does not exist yet. Once the plan was begun, such a file may be left of a
   * process that was killed before it recorded the file: its name contains the plan's own text.
   */
  async #requireOwn(path: string): Promise<void> {
    if (!this.#context.journal.has('began') && (await this.#directories.statusOf(path)) !== undefined) {
      throw new VirtSimilarityError('refused', `${path} exists already and is not of this plan; move it away`);
    }
  }

  /** Writes and checks a new file with the owner, permissions and extended attributes of an image. */
  async #write(path: string, chunks: AsyncIterable<Uint8Array>, like: number): Promise<void> {
    const { signal } = this.#context;
    const directory = await this.#directories.of(path);
    await writeFileAtomically(path, chunks, { directory, mode: 0o600, signal });
    await checkQcow2(path, signal);
    await copyAttributes(this.#paths.image(like), path, signal);
  }

  async #record(path: string): Promise<void> {
    const status = (await this.#directories.statusOf(path))!;
    await this.#context.journal.append({
      event: 'written',
      path,
      device: String(status.dev),
      inode: String(status.ino),
      size: String(status.size),
      mtimeNs: String(status.mtimeNs),
    });
    this.#context.note(`wrote ${path}`);
  }

  async #exchange(index: number): Promise<void> {
    if (await this.#isExchanged(index)) {
      return;
    }
    const path = this.#paths.image(index);
    const image = this.#plan.images[index]!;
    // Opening fails if a machine has started in the meantime.
    await (await this.#openImage(index)).close();
    if (image.isWritten) {
      const original = this.#paths.original(index);
      if (!isSameFile(await this.#directories.statusOf(original), topFile(image))) {
        await this.#directories.link(path, original);
      }
    }
    const kept = this.#keptPath(index);
    for (const name of [path, kept]) {
      if (!isPlanned(await this.#directories.statusOf(name), topFile(image))) {
        throw changed(name, 'is not the image that was planned for; plan again');
      }
    }
    await this.#directories.rename(this.#paths.overlay(index), path);
    this.#context.note(`${path} is an overlay now`);
  }

  async #protectBases(): Promise<void> {
    for (const { path } of this.#bases()) {
      const { mode } = (await this.#directories.statusOf(path))!;
      if ((mode & WRITABLE) !== 0n) {
        await this.#context.journal.append({ event: 'protected', path, mode: Number(mode & PERMISSIONS) });
        await chmod(systemPath(path), Number(mode & PERMISSIONS & ~WRITABLE));
      }
    }
  }

  /**
   * Requires that an image is in its place, or its overlay, to which nothing was written since, and then that the image is
   * kept under its other name.
   */
  async #requireRestorable(index: number): Promise<void> {
    const path = this.#paths.image(index);
    const image = topFile(this.#plan.images[index]!);
    const status = await this.#directories.statusOf(path);
    if (isSameFile(status, image)) {
      return;
    }
    if (!(await this.#isExchanged(index))) {
      throw changed(path, 'is neither the original of the plan nor its overlay; nothing is changed');
    }
    if (!isWrittenFile(status, this.#context.journal.written(this.#paths.overlay(index)))) {
      throw changed(path, 'was written to since the plan was applied; rolling back would lose these writes');
    }
    const kept = this.#keptPath(index);
    if (!isPlanned(await this.#directories.statusOf(kept), image)) {
      throw changed(kept, 'is not the original of the plan; nothing is changed');
    }
    // Opening fails if a machine runs on it.
    await (await this.#open({ path, format: 'qcow2' })).close();
  }

  /** Returns the name under which the image itself is kept once an overlay has replaced it. */
  #keptPath(index: number): string {
    return this.#plan.images[index]!.isWritten ? this.#paths.original(index) : this.#paths.base(index);
  }

  /** Puts an image back by a second name, so that the name under which it is kept stays for overlays on it. */
  async #restore(index: number): Promise<void> {
    if (!(await this.#isExchanged(index))) {
      return;
    }
    const restored = this.#paths.restored(index);
    if ((await this.#directories.statusOf(restored)) !== undefined) {
      await this.#directories.remove(restored);
    }
    await this.#directories.link(this.#keptPath(index), restored);
    await this.#directories.rename(restored, this.#paths.image(index));
  }

  async #unprotectBases(): Promise<void> {
    for (const entry of this.#context.journal.entries) {
      if (entry.event === 'protected' && (await this.#directories.statusOf(entry.path)) !== undefined) {
        await chmod(systemPath(entry.path), entry.mode);
      }
    }
  }

  /** Requires names that tools accept and that differ: nothing that the plan makes may replace anything else that it makes. */
  #requireUsableNames(): void {
    const images = this.#plan.images.map((_, index) => this.#paths.image(index));
    const made = [
      ...this.#newFiles(),
      ...this.#changedImages().flatMap((index) => [this.#paths.original(index), this.#paths.restored(index)]),
    ];
    const names = [...images, ...made];
    const repeated = names.find((name, index) => names.indexOf(name) !== index);
    if (repeated !== undefined) {
      throw new VirtSimilarityError(
        'refused',
        `two files of the plan would be named ${repeated}; plan for fewer images`,
      );
    }
    for (const name of made) {
      if (isEscaped(name)) {
        throw new VirtSimilarityError(
          'refused',
          `${name} has a name that is not UTF-8, which tools do not accept; rename it`,
        );
      }
      if (Buffer.byteLength(basename(name)) > LONGEST_NAME) {
        throw new VirtSimilarityError(
          'refused',
          `${name} would have a name of more than ${LONGEST_NAME} bytes; rename the image`,
        );
      }
    }
  }

  /** Requires that no image that changes has another name, by which a machine could go on writing to it. */
  async #requireSoleNames(): Promise<void> {
    if (this.#context.journal.has('began')) {
      return;
    }
    for (const index of this.#changedImages()) {
      const path = this.#paths.image(index);
      const status = await this.#directories.statusOf(path);
      if (status?.nlink !== 1n) {
        throw new VirtSimilarityError(
          'refused',
          `${path} has other names (hard links), which would keep the image; remove them`,
          {
            image: path,
          },
        );
      }
      if (status.ctimeNs !== topFile(this.#plan.images[index]!).ctimeNs) {
        throw changed(path, 'has changed since the plan was made; plan again');
      }
    }
  }

  /**
   * Requires that no overlay outside the plan is on one of these files. Only qcow2 files in the directories of the plan's
   * images are looked at.
   */
  async #requireNoOtherOverlays(paths: readonly string[]): Promise<void> {
    const own = new Set([...this.#newFiles(), ...this.#plan.images.map((_, index) => this.#paths.image(index))]);
    const keys = new Map<string, string>();
    for (const path of paths) {
      const status = await this.#directories.statusOf(path);
      if (status !== undefined) {
        keys.set(fileKeyOf(fileNumberOf(status)), path);
      }
    }
    const directories = new Set(this.#plan.images.map((_, index) => dirname(this.#paths.image(index))));
    for (const { path, backing } of await overlaysIn(directories)) {
      const base = keys.get(backing);
      const isKept = this.#changedImages().some((index) => this.#paths.original(index) === path);
      if (base !== undefined && !own.has(path) && !isKept) {
        throw new VirtSimilarityError(
          'refused',
          `${path} is an overlay on ${base} and not part of the plan; include it in the plan, or remove it`,
          { image: path },
        );
      }
    }
  }

  #openImage(index: number): Promise<DiskImage> {
    const { chain } = this.#plan.images[index]!;
    return this.#open({ path: this.#paths.image(index), format: chain[0]!.format });
  }

  async #open({ path, format }: PlacedContent): Promise<DiskImage> {
    const directories = this.#plan.images.flatMap(({ chain }) =>
      chain.flatMap(({ files }) => files.map((file) => dirname(file.path))),
    );
    const options = { allowBacking: [...new Set(directories)], signal: this.#context.signal };
    const image = await this.#context.analyzer
      .open({ path, format, noFollow: true }, options)
      .catch((thrown: unknown) => {
        if (thrown instanceof VirtSimilarityError && thrown.code === 'in-use') {
          const problem = `${path} is open for writing by another program; shut down the machine that uses it`;
          throw new VirtSimilarityError('in-use', problem, { image: path, cause: thrown });
        }
        throw thrown;
      });
    if (!('extents' in image)) {
      await image.close();
      throw new VirtSimilarityError('refused', `cannot change ${path}: it can only be read from beginning to end`);
    }
    return image;
  }
}

async function closeAll(images: Iterable<DiskImage>): Promise<void> {
  for (const image of images) {
    await image.close();
  }
}
