import { statSync } from 'node:fs';
import { open, rm, writeFile } from 'node:fs/promises';
import { fileStampsOf, type ImageIdentity } from '@virt-similarity/core';
import { splitFlatDescriptor } from '../faults/inputs/vmdk.js';
import { convert, type WritableFormat } from '../fixtures/qemu-images.js';
import { runTool } from '../fixtures/run-tool.js';
import type { Digests } from '../harness/vector-digests.js';
import { BLOCK, type Content, digestsOf } from './contents.js';

const SECTOR = 512;

/** What a file contributes to a disk: all of it, some blocks over the files below it, or a list of the files below. */
type Role = 'disk' | 'overlay' | 'descriptor';

interface KnownFile {
  readonly role: Role;
  /** Blocks that the file itself holds. */
  readonly digests: Digests;
}

/** How a disk is stored. */
export interface Storage {
  readonly format: WritableFormat;
  readonly compressed?: boolean;
  readonly creation?: Readonly<Record<string, string>>;
}

/**
 * The image files that a test wrote, by inode, and what each holds: from them follows what an image must read as, given
 * the files that it was read from.
 */
export class KnownFiles {
  readonly #files = new Map<string, KnownFile>();
  /** The files in which a block occurs, by its digest. */
  readonly #owners = new Map<string, Set<string>>();
  readonly #paths = new Map<string, string>();

  /** Writes a disk with a content. */
  async writeDisk(path: string, content: Content, { format, ...options }: Storage = { format: 'raw' }): Promise<void> {
    const raw = format === 'raw' ? path : `${path}.source`;
    await writeRaw(raw, content);
    if (raw !== path) {
      await convert(raw, path, format, options);
      await rm(raw);
    }
    this.#add(path, 'disk', digestsOf(content));
  }

  /** Writes an overlay that holds some blocks over a backing file, which it names as told and which need not exist. */
  async writeOverlay(
    path: string,
    own: Content,
    backing: { readonly name: string; readonly format: string },
  ): Promise<void> {
    const create = ['create', '-q', '-u', '-f', 'qcow2', '-b', backing.name, '-F', backing.format, path];
    await runTool('qemu-img', [...create, String(own.length * BLOCK)]);
    // Written without what is below it: whole clusters need none of it.
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

  /** Writes a VMDK descriptor of flat extents, which need not exist, of so many blocks each. */
  async writeDescriptor(path: string, extents: readonly string[], blocks: number): Promise<void> {
    await writeFile(path, splitFlatDescriptor(extents, (blocks * BLOCK) / SECTOR));
    this.#add(path, 'descriptor', []);
  }

  /** What an image that was read from these files holds; nothing where one of them is not known. */
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

  /** Paths of files that hold this block, none of which is among the given files. */
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
