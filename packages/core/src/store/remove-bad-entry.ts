import { sameState, stampOf } from '../identity/stamp.js';
import type { PlaceInDirectory } from './cache-directory.js';
import { isSoundEntry } from './cache-entry.js';
import type { SpareBuffers } from './spare-buffers.js';

/**
 * Removes an entry that was found damaged, unless another process has replaced it with a valid entry since. Errors are
 * ignored: an entry that stays does no harm.
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
    // It no longer exists, or the directory is read-only.
  }
}
