import { statSync } from 'node:fs';
import { open, rm, writeFile } from 'node:fs/promises';
import { fileStampsOf, type ImageIdentity } from '@virt-similarity/core';
import { splitFlatDescriptor } from '../faults/inputs/vmdk.js';
import { convert, type WritableFormat } from '../fixtures/qemu-images.js';
import { runTool } from '../fixtures/run-tool.js';
import type { Digests } from '../harness/vector-digests.js';
import { BLOCK, type Content, digestsOf } from './contents.js';

const SECTOR = 512;

/**
 * What a file contains: a complete disk; the blocks that an overlay itself stores; or only the names of the files that
 * store the disk (a VMDK descriptor).
 */
type Role = 'disk' | 'overlay' | 'descriptor';

interface KnownFile {
  readonly role: Role;
  /** The digests of the blocks in this file, without those in a backing file or in extents. */
  readonly digests: Digests;
}

/** How a disk is stored: the format, and options for `qemu-img convert`. */
export interface Storage {
  readonly format: WritableFormat;
  readonly compressed?: boolean;
  readonly creation?: Readonly<Record<string, string>>;
}

/**
 * Writes image files, and records their contents. From these, `expected` derives the content of an image that was read
 * from given files.
 */
export class KnownFiles {
  readonly #files = new Map<string, KnownFile>();
  /** The keys of the files that contain a block, by the digest of the block. */
  readonly #owners = new Map<string, Set<string>>();
  readonly #paths = new Map<string, string>();

  /** Writes an image of a disk with this content, and records it. By default, the image is raw. */
  async writeDisk(path: string, content: Content, { format, ...options }: Storage = { format: 'raw' }): Promise<void> {
    const raw = format === 'raw' ? path : `${path}.source`;
    await writeRaw(raw, content);
    if (raw !== path) {
      await convert(raw, path, format, options);
      await rm(raw);
    }
    this.#add(path, 'disk', digestsOf(content));
  }

  /**
   * Writes a qcow2 overlay that contains the blocks of `own` that are not `undefined`, and records it. The backing file
   * need not exist, because only its name and format are written to the header.
   */
  async writeOverlay(
    path: string,
    own: Content,
    backing: { readonly name: string; readonly format: string },
  ): Promise<void> {
    const create = ['create', '-q', '-u', '-f', 'qcow2', '-b', backing.name, '-F', backing.format, path];
    await runTool('qemu-img', [...create, String(own.length * BLOCK)]);
    // qemu-io opens the overlay without its backing file. It needs none, because every write fills complete clusters.
    const image = `json:${JSON.stringify({ driver: 'qcow2', backing: null, file: { driver: 'file', filename: path } })}`;
    const piece = `${path}.piece`;
    for (const [block, bytes] of own.entries()) {
      if (bytes === undefined) {
        continue;
      }
      await writeFile(piece, bytes);
      await runTool('qemu-io', ['-c', `write -q -s ${piece} ${block * BLOCK} ${BLOCK}`, image]);
    }
    await rm(piece);
    this.#add(path, 'overlay', digestsOf(own));
  }

  /** Writes a VMDK descriptor of flat extents of `blocks` blocks each, and records it. The extents need not exist. */
  async writeDescriptor(path: string, extents: readonly string[], blocks: number): Promise<void> {
    await writeFile(path, splitFlatDescriptor(extents, (blocks * BLOCK) / SECTOR));
    this.#add(path, 'descriptor', []);
  }

  /**
   * Returns the digests that an image must have if it was read from the files in this identity; `undefined` if one of
   * these files was not recorded.
   */
  expected(identity: ImageIdentity): Digests | undefined {
    const [top, ...below] = fileStampsOf(identity).map(({ device, inode }) => this.#files.get(`${device} ${inode}`));
    if (top === undefined || below.includes(undefined)) {
      return undefined;
    }
    const rest = below.map((file) => file!.digests);
    switch (top.role) {
      case 'disk':
        return top.digests;
      case 'descriptor':
        return rest.flat();
      case 'overlay':
        return top.digests.map((digest, block) => digest ?? rest[0]?.[block]);
    }
  }

  /**
   * Returns the paths of the recorded files that contain the block with this digest. Returns an empty list if a file in
   * the identity contains the block, or if no recorded file does.
   */
  foreignOwners(digest: string, identity: ImageIdentity): string[] {
    const owners = this.#owners.get(digest);
    const isOwn = fileStampsOf(identity).some(({ device, inode }) => owners?.has(`${device} ${inode}`));
    return owners === undefined || isOwn ? [] : [...owners].map((key) => this.#paths.get(key) ?? key);
  }

  #add(path: string, role: Role, digests: Digests): void {
    const { dev, ino } = statSync(path, { bigint: true });
    const key = `${dev} ${ino}`;
    this.#files.set(key, { role, digests });
    this.#paths.set(key, path);
    for (const digest of digests) {
      if (digest === undefined) {
        continue;
      }
      const owners = this.#owners.get(digest) ?? new Set();
      this.#owners.set(digest, owners.add(key));
    }
  }
}

async function writeRaw(path: string, content: Content): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.truncate(content.length * BLOCK);
    for (const [block, bytes] of content.entries()) {
      if (bytes !== undefined) {
        await file.write(bytes, 0, BLOCK, block * BLOCK);
      }
    }
  } finally {
    await file.close();
  }
}
