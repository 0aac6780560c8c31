import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemReasonOf, VirtSimilarityError } from '@virt-similarity/core/errors';

/**
 * Makes a directory that only this user can enter, with an unpredictable name, in the system's temporary directory (see
 * `os.tmpdir`).
 *
 * @throws `unavailable` if it cannot be made.
 */
export async function makePrivateDirectory(): Promise<string> {
  const parent = tmpdir();
  try {
    return await mkdtemp(join(parent, 'virt-similarity-view-'));
  } catch (cause) {
    const problem = `cannot make a directory in ${parent}: ${systemReasonOf(cause)}`;
    throw new VirtSimilarityError('unavailable', `${problem}; set TMPDIR to another directory that you can write to`, {
      cause,
    });
  }
}

/** Removes a directory with its files. */
export async function removeDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}
