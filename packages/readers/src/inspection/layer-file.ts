import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { type DiskSource, type FileStamp, stampOf } from '@virt-similarity/core';
import { readUpTo } from '@virt-similarity/image-tools';
import { blockDeviceSize } from './block-device-size.js';
import type { FileBytes } from './format-inspector.js';
import { refused } from './header-error.js';
import { PinnedPath } from './pinned-path.js';
import { systemErrors } from './system-errors.js';

/** Bytes at the beginning of a file that are read at once: of most formats, all that is looked at but for tables. */
const HEAD_BYTES = 64 * 1024;

/** A file that is being inspected. */
export interface LayerFile {
  readonly stamp: FileStamp;
  readonly isDevice: boolean;
  readonly bytes: FileBytes;
  /** Has the kernel write what was changed in it to disk, see `ReadOptions.flush`. What cannot be flushed stays as it is. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a file that the user named, read only: a regular file, a block device or, unless `noFollow`, a symbolic link to
 * one. Never waits for a writer. The caller closes it.
 *
 * @throws HeaderError
 */
export async function openNamedFile({ path, noFollow }: Pick<DiskSource, 'path' | 'noFollow'>): Promise<LayerFile> {
  const place = await PinnedPath.lookUp(path, noFollow ? constants.O_NOFOLLOW : 0);
  try {
    requireImageKind(place.stats);
    return await openPinnedFile(place, await place.realPath());
  } finally {
    await place.close();
  }
}

/** Opens a file that was looked up, by its real path. As `openNamedFile`. */
export async function openPinnedFile(place: PinnedPath, realPath: string): Promise<LayerFile> {
  const handle = await place.openForReading();
  try {
    const stats = await systemErrors(() => handle.stat({ bigint: true }));
    const size = stats.isBlockDevice() ? await blockDeviceSize(stats.rdev) : stats.size;
    const bytes = { name: basename(realPath), size: Number(size), read: readsOf(handle) };
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

/** @throws `HeaderError` unless it is a regular file or a block device. */
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

/** Reads the head once, so that all that is said of it is said of the same bytes. */
function readsOf(handle: FileHandle): FileBytes['read'] {
  let head: Promise<Buffer> | undefined;
  return async (position, length) => {
    if (position + length > HEAD_BYTES) {
      return readBytes(handle, position, length);
    }
    head ??= readBytes(handle, 0, HEAD_BYTES);
    return (await head).subarray(position, position + length);
  };
}

async function readBytes(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, await systemErrors(() => readUpTo(handle, buffer, position)));
}
