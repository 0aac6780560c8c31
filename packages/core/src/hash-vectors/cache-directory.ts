import type { Stats } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { VirtSimilarityError } from '../errors.js';
import { systemPath } from '../paths/path-text.js';
import { fileError, systemCode } from './file-error.js';
import { makeDirectories } from './make-directories.js';

const WRITABLE_BY_OTHERS = 0o022;

/**
 * The names in a cache directory, in order; none if it does not exist.
 * Throws `refused` if others could put entries there: it is a symbolic link, someone else's or writable by others.
 */
export async function listCacheDirectory(directory: string): Promise<string[]> {
  try {
    return (await isThere(directory)) ? (await readdir(systemPath(directory))).sort() : [];
  } catch (thrown) {
    throw fileError(thrown, `cannot read the cache ${directory}`, directory);
  }
}

/** Makes the directory if it is missing. Throws as `listCacheDirectory` does. */
export async function makeCacheDirectory(directory: string): Promise<void> {
  try {
    if (!(await isThere(directory))) await makeDirectories(directory, 0o700);
  } catch (thrown) {
    throw fileError(thrown, `cannot make the cache ${directory}`, directory);
  }
}

/** Removes what stands at a path, if anything does. Throws `unreadable` where that is not allowed. */
export async function removeFromCache(path: string): Promise<void> {
  try {
    await rm(systemPath(path), { force: true, recursive: true });
  } catch (thrown) {
    throw fileError(thrown, `cannot remove ${path} from the cache`, path);
  }
}

/** Whether the directory exists; throws `refused` if it does and is not private. */
async function isThere(directory: string): Promise<boolean> {
  const stats = await lstat(systemPath(directory)).catch((thrown: unknown) => {
    if (systemCode(thrown) === 'ENOENT') return undefined;
    throw thrown;
  });
  if (stats === undefined) return false;
  const found = whyNotPrivate(stats);
  if (found === undefined) return true;
  throw new VirtSimilarityError(
    'refused',
    `cannot use the cache ${directory}: expected a directory that only you can write to, found ${found}; ` +
      'remove it, or choose another directory with --cache',
  );
}

function whyNotPrivate(stats: Stats): string | undefined {
  if (stats.isSymbolicLink()) return 'a symbolic link';
  if (!stats.isDirectory()) return 'something that is no directory';
  if (process.getuid !== undefined && stats.uid !== process.getuid()) return "another user's";
  if ((stats.mode & WRITABLE_BY_OTHERS) !== 0) return 'one that others can write to';
  return undefined;
}
