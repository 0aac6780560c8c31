import { lstat, unlink } from 'node:fs/promises';
import { sameState, stampOf } from '../identity/stamp.js';
import type { PlaceInDirectory } from './cache-directory.js';
import { isSoundEntry } from './cache-entry.js';
import type { SpareBuffers } from './spare-buffers.js';

/**
 * Removes an entry that was found damaged, unless another process has put a sound one in its place since. What cannot be
 * removed stays: it does no harm.
 */
export async function removeBadEntry(entry: PlaceInDirectory, buffers: SpareBuffers): Promise<void> {
  const place = entry.directory.at(entry.name);
  try {
    const before = await lstat(place, { bigint: true });
    if (await isSoundEntry(entry, buffers)) return;
    const now = await lstat(place, { bigint: true });
    if (sameState(stampOf(entry.name, now), stampOf(entry.name, before))) await unlink(place);
  } catch {
    // Gone, or in a read-only directory.
  }
}
