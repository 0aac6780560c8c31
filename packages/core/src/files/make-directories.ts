import { mkdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { systemCode } from './file-error.js';
import { OpenDirectory } from './open-directory.js';

/**
 * Opens a directory. Creates the directory and its parents if they are missing. Each missing directory is created
 * through the descriptor of its parent, and opened without following a link that replaced it. The caller closes the
 * directory.
 *
 * Does not use `mkdir` with `recursive`, because Node.js 20 loops forever on a file system such as /proc, which reports
 * a new name as missing instead of refusing to create it.
 *
 * @param mode permissions of the created directories before the umask is applied
 * @throws as `OpenDirectory.open` and `mkdir`.
 */
export async function makeDirectories(path: string, mode = 0o777): Promise<OpenDirectory> {
  try {
    return await OpenDirectory.open(path);
  } catch (thrown) {
    if (systemCode(thrown) !== 'ENOENT' || dirname(path) === path) {
      throw thrown;
    }
  }
  const parent = await makeDirectories(dirname(path), mode);
  const name = basename(path);
  try {
    await mkdir(parent.pathOf(name), { mode }).catch((thrown: unknown) => {
      // Another process may have created it meanwhile.
      if (systemCode(thrown) !== 'EEXIST') {
        throw thrown;
      }
    });
    return await parent.openBelow(name, path);
  } finally {
    parent.close();
  }
}
