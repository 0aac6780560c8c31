import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { exhaustionRemedy, type Layer, messageOf, realPath, systemPath } from '@virt-similarity/core';
import { readUpTo } from '../reading/read-up-to.js';
import { blockDeviceSize } from './block-device-size.js';
import type { FileBytes } from './format-inspector.js';
import { HeaderError, refused } from './header-error.js';

/** Bytes at the beginning of a file that are read at once: of most formats, all that is looked at but for tables. */
const HEAD_BYTES = 64 * 1024;

/** A file that is being inspected. */
export interface LayerFile {
  readonly layer: Layer;
  readonly isDevice: boolean;
  readonly bytes: FileBytes;
  close(): Promise<void>;
}

/** What may be opened: what the user named himself, or what a header names. */
type LayerOrigin = 'named' | 'referenced';

/**
 * Opens a file for inspection, read only. The user's own name may be a symbolic link or a block device; a header's may
 * not. Never waits for a writer, never follows a link that appears meanwhile. The caller closes it.
 *
 * @throws HeaderError
 */
export async function openLayerFile(path: string, origin: LayerOrigin): Promise<LayerFile> {
  const real = origin === 'named' ? await resolveLinks(path) : path;
  const target = systemPath(real);
  requireKind(await attempt(() => lstat(target, { bigint: true })), origin);
  const handle = await attempt(() => open(target, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
  try {
    const stats = await handle.stat({ bigint: true });
    requireKind(stats, origin);
    const layer = await layerOf(real, stats);
    const bytes = { size: Number(layer.size), read: readsOf(handle) };
    return { layer, isDevice: stats.isBlockDevice(), bytes, close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The path without symbolic links. Throws `HeaderError`. */
function resolveLinks(path: string): Promise<string> {
  return attempt(() => realPath(path));
}

function requireKind(stats: BigIntStats, origin: LayerOrigin): void {
  if (stats.isFile() || (origin === 'named' && stats.isBlockDevice())) {
    return;
  }
  const expected = origin === 'named' ? 'a regular file or block device' : 'a regular file';
  throw refused(`it is ${kindOf(stats)}; expected ${expected}; name the image itself`);
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
  if (stats.isSocket()) {
    return 'a socket';
  }
  return stats.isBlockDevice() ? 'a block device' : 'a character device';
}

async function layerOf(path: string, stats: BigIntStats): Promise<Layer> {
  return {
    path,
    device: stats.dev,
    inode: stats.ino,
    size: stats.isBlockDevice() ? await blockDeviceSize(stats.rdev) : stats.size,
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
  };
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
  return buffer.subarray(0, await attempt(() => readUpTo(handle, buffer, position)));
}

async function attempt<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (cause) {
    throw systemError(cause);
  }
}

function systemError(cause: unknown): HeaderError {
  const remedy = exhaustionRemedy(cause);
  if (remedy !== undefined) {
    return new HeaderError('unavailable', `${messageOf(cause)}; ${remedy}`, { cause });
  }
  const code = (cause as NodeJS.ErrnoException).code;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new HeaderError('unreadable', 'there is no such file; check its name', { cause });
    case 'EACCES':
    case 'EPERM':
      return new HeaderError('unreadable', 'permission denied; allow this user to read it', { cause });
    case 'ELOOP':
      return new HeaderError('refused', 'it is a symbolic link that leads in a circle; name the file itself', {
        cause,
      });
    default:
      return new HeaderError('unreadable', `${messageOf(cause)}; check the storage that it is on`, { cause });
  }
}
