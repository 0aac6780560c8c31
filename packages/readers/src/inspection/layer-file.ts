import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { type DiskSource, type FileStamp, type ReadOptions, stampOf } from '@virt-similarity/core';
import { type ByteRange, readUpTo } from '@virt-similarity/image-tools';
import { blockDeviceSize } from './block-device-size.js';
import type { FileBytes } from './format-inspector.js';
import { refused } from './header-error.js';
import { PinnedPath } from './pinned-path.js';
import { systemErrors } from './system-errors.js';

/**
 * Bytes at the start of a file that are read in one call: for most formats, all that inspection needs except tables.
 */
const HEAD_BYTES = 64 * 1024;

/** A file that is being inspected. */
export interface LayerFile {
  readonly stamp: FileStamp;
  readonly isDevice: boolean;
  readonly bytes: FileBytes;
  /** Set if `bytes` are only a part of the file: a file in an archive. */
  readonly archived?: PlaceInArchive;
  /** Makes the kernel write the file's changes to disk, see `ReadOptions.flush`. Does nothing if that is impossible. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** The place of a file in an archive. */
export interface PlaceInArchive {
  readonly range: ByteRange;
  /** The names of all files in the archive, without directories. */
  readonly names: readonly string[];
}

/**
 * Opens a file that the user named, read only: a regular file, a block device or, unless `noFollow` is set, a symbolic
 * link to such a file. Never waits for a writer. The caller closes the file.
 *
 * @throws `HeaderError` if the file is missing, of another kind, or cannot be opened.
 */
export async function openNamedFile({ path, noFollow }: Pick<DiskSource, 'path' | 'noFollow'>): Promise<LayerFile> {
  const pinned = await PinnedPath.lookUp(path, noFollow ? constants.O_NOFOLLOW : 0);
  try {
    requireImageKind(pinned.stats);
    return await openPinnedFile(pinned, await pinned.realPath());
  } finally {
    await pinned.close();
  }
}

/**
 * Opens a pinned file, read only. `realPath` becomes the path in the file's stamp. The caller closes the file, and
 * `pinned` too.
 *
 * @throws `HeaderError` if the file cannot be opened, or the size of a block device cannot be read.
 */
export async function openPinnedFile(pinned: PinnedPath, realPath: string): Promise<LayerFile> {
  const handle = await pinned.openForReading();
  try {
    const stats = await systemErrors(() => handle.stat({ bigint: true }));
    const size = stats.isBlockDevice() ? await blockDeviceSize(stats.rdev) : stats.size;
    const read = withFixedHead((position, length) => readBytes(handle, position, length));
    const bytes = { name: basename(realPath), size: Number(size), read };
    return {
      stamp: stampOf(realPath, stats, size),
      isDevice: stats.isBlockDevice(),
      bytes,
      flush: async () => {
        await Promise.allSettled([handle.datasync()]);
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** @throws `HeaderError` unless the stats describe a regular file or a block device. */
export function requireImageKind(stats: BigIntStats): void {
  if (!stats.isFile() && !stats.isBlockDevice()) {
    throw refused(`it is ${kindOf(stats)}; expected a regular file or block device; name the image itself`);
  }
}

function kindOf(stats: BigIntStats): string {
  if (stats.isDirectory()) {
    return 'a directory';
  }
  if (stats.isSymbolicLink()) {
    return 'a symbolic link';
  }
  if (stats.isFIFO()) {
    return 'a FIFO';
  }
  return stats.isSocket() ? 'a socket' : 'a character device';
}

/**
 * Wraps `read` so that reads within the first 64 KiB all see the same bytes, which are read only once. A read that
 * extends past the first 64 KiB is not cached.
 */
export function withFixedHead(read: FileBytes['read']): FileBytes['read'] {
  let head: Promise<Buffer> | undefined;
  return async (position, length) => {
    if (position + length > HEAD_BYTES) {
      return read(position, length);
    }
    head ??= read(0, HEAD_BYTES);
    return (await head).subarray(position, position + length);
  };
}

async function readBytes(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, await systemErrors(() => readUpTo(handle, buffer, position)));
}

/** Flushes a regular file if `flush` is set. A block device is not flushed, because its identity is volatile anyway. */
export async function flushIfRequested(file: LayerFile, { flush }: Pick<ReadOptions, 'flush'>): Promise<void> {
  if (flush && !file.isDevice) {
    await file.flush();
  }
}
