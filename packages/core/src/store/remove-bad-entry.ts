import { sameState, stampOf } from '../identity/stamp.js';
import type { PlaceInDirectory } from './cache-directory.js';
import { isSoundEntry } from './cache-entry.js';
import type { SpareBuffers } from './spare-buffers.js';

/**
 * Removes an entry that was found damaged, unless another process has put a sound one in its place since. What cannot be
 * removed stays: it does no harm.
 */
export async function removeBadEntry(entry: PlaceInDirectory, buffers: SpareBuffers): Promise<void> {
  const { directory, name } = entry;
  try {
    const before = await directory.statusOf(name);
    if (await isSoundEntry(entry, buffers)) {
      return;
    }
    const now = await directory.statusOf(name);
    if (sameState(stampOf(name, now), stampOf(name, before))) {
      await directory.remove(name);
    }
  } catch {
    // Gone, or in a read-only directory.
  }
}
