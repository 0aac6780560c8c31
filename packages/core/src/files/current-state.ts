import { stat } from 'node:fs/promises';
import type { FileStamp, ImageIdentity } from '../contracts/disk-image.js';
import { fileStampsOf } from '../identity/chain.js';
import { sameState, stampOf } from '../identity/stamp.js';
import { systemCode } from './file-error.js';
import { systemPath } from './path-text.js';

/**
 * Compares the files of an image's chain with their recorded stamps. Returns `current` if no file differs from its
 * stamp. Otherwise returns the state of the first file that differs: `changed`, or `missing` if the system cannot
 * report the status of the file. Objects are not checked.
 */
export async function currentStateOf(identity: ImageIdentity): Promise<'current' | 'changed' | 'missing'> {
  const states = await Promise.all(fileStampsOf(identity).map(stateOfPart));
  return states.find((state) => state !== 'current') ?? 'current';
}

async function stateOfPart(part: FileStamp): Promise<'current' | 'changed' | 'missing'> {
  try {
    const now = await stat(systemPath(part.path), { bigint: true });
    // The system reports no size for a block device.
    const size = now.isBlockDevice() ? part.size : now.size;
    return sameState(stampOf(part.path, now, size), part) ? 'current' : 'changed';
  } catch (thrown) {
    if (systemCode(thrown) === undefined) {
      throw thrown;
    }
    return 'missing';
  }
}
