import { lstat, rm } from 'node:fs/promises';
import { systemPath } from '../paths/path-text.js';
import { isSoundEntry } from './cache-entry.js';
import type { SpareBuffers } from './spare-buffers.js';

/**
 * Removes an entry that was found damaged, unless another process has put a sound one in its place since. What cannot be
 * removed stays: it does no harm.
 */
export async function removeBadEntry(path: string, buffers: SpareBuffers): Promise<void> {
  try {
    const before = await lstat(systemPath(path), { bigint: true });
    if (await isSoundEntry(path, buffers)) return;
    const now = await lstat(systemPath(path), { bigint: true });
    if (now.ino === before.ino && now.ctimeNs === before.ctimeNs) await rm(systemPath(path));
  } catch {
    // Gone, or in a directory that is only to be read.
  }
}
