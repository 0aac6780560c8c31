import { mkdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { systemCode } from './file-error.js';
import { OpenDirectory } from './open-directory.js';

/**
 * Opens a directory, after making it and those above it that are missing. Each is made in its parent's descriptor, and
 * opened without following a link that was put in its place. The caller closes the directory.
 *
 * Not by `mkdir`'s own option: where a file system says that a name in it is missing instead of refusing it, as /proc
 * does, Node.js 20 tries for ever.
 *
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
    await mkdir(parent.at(name), { mode }).catch((thrown: unknown) => {
      // Another process may have made it meanwhile.
      if (systemCode(thrown) !== 'EEXIST') {
        throw thrown;
      }
    });
    return await parent.openBelow(name, path);
  } finally {
    parent.close();
  }
}
