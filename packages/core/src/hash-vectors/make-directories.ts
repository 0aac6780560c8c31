import { lstat, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemPath } from '../paths/path-text.js';
import { systemCode } from './file-error.js';

/**
 * Makes a directory, and those above it that are missing; one that is there already is left as it is. Throws as `mkdir`.
 *
 * Not by `mkdir`'s own option: where a file system says that a name in it is missing instead of refusing it, as /proc
 * does, Node.js 20 tries for ever.
 */
export async function makeDirectories(path: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(systemPath(path), { mode });
  } catch (thrown) {
    if (systemCode(thrown) === 'EEXIST') return;
    const parent = dirname(path);
    if (systemCode(thrown) !== 'ENOENT') throw thrown;
    // Somebody else may have made it meanwhile.
    if (!(await isThere(parent))) await makeDirectories(parent, mode);
    await mkdir(systemPath(path), { mode }).catch((again: unknown) => {
      if (systemCode(again) !== 'EEXIST') throw again;
    });
  }
}

function isThere(path: string): Promise<boolean> {
  return lstat(systemPath(path)).then(
    () => true,
    () => false,
  );
}
