import { join } from 'node:path';
import { VirtSimilarityError, type Wording, wording } from '../errors.js';
import { kindAt } from '../files/directory-entries.js';
import { fileError, systemCode } from '../files/file-error.js';
import { makeDirectories } from '../files/make-directories.js';
import { OpenDirectory } from '../files/open-directory.js';
import { shellWord } from '../files/shell-word.js';

const WRITABLE_BY_OTHERS = 0o022n;

const ANOTHER = wording`choose another directory with ${{ option: 'cache' }}`;

/** A name in an open directory. */
export interface PlaceInDirectory {
  readonly directory: OpenDirectory;
  readonly name: string;
}

/**
 * Calls `call` with the open cache directory; with `undefined` if the directory does not exist. Owner and mode are
 * checked on the open directory, and everything in it is accessed through its descriptor, so replacing the directory
 * after the check has no effect.
 *
 * @throws `refused` if the path is a symbolic link or not a directory, or if others could add entries: the directory
 *   belongs to another user or is writable by others; `unavailable` if a system resource is exhausted or /proc is not
 *   mounted, `unreadable` if the directory cannot be opened for another reason; and whatever `call` throws.
 */
export async function withCacheDirectory<Result>(
  path: string,
  call: (directory: OpenDirectory | undefined) => Promise<Result>,
): Promise<Result> {
  const directory = await openCacheDirectory(path);
  try {
    return await call(directory);
  } finally {
    directory?.close();
  }
}

/**
 * Like `withCacheDirectory`, but first creates the directory and its parents if they are missing, with permissions for
 * the owner only.
 *
 * @throws as `withCacheDirectory`, and as `makeDirectories`, with system errors as `unreadable` or `unavailable`.
 */
export async function withNewCacheDirectory<Result>(
  path: string,
  call: (directory: OpenDirectory) => Promise<Result>,
): Promise<Result> {
  const directory = (await openCacheDirectory(path)) ?? (await makeCacheDirectory(path));
  try {
    return await call(directory);
  } finally {
    directory.close();
  }
}

/**
 * Returns the names in a cache directory, sorted.
 *
 * @throws `unreadable`, or `unavailable` if a system resource is exhausted.
 */
export async function listCacheDirectory(directory: OpenDirectory): Promise<string[]> {
  try {
    return await directory.names();
  } catch (thrown) {
    throw directoryError(thrown, 'cannot read', directory.path);
  }
}

/**
 * Removes an entry if it exists.
 *
 * @throws `unreadable` if the system refuses the removal, for example because the directory is read-only or the entry
 *   is a directory; `unavailable` if a system resource is exhausted.
 */
export async function removeFromCache({ directory, name }: PlaceInDirectory): Promise<void> {
  try {
    await directory.remove(name);
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') {
      return;
    }
    const path = join(directory.path, name);
    throw fileError(thrown, `cannot remove ${path} from the cache`, path);
  }
}

/**
 * Opens a cache directory; returns `undefined` if the directory does not exist. The caller closes the directory.
 *
 * @throws as `withCacheDirectory`.
 */
export async function openCacheDirectory(path: string): Promise<OpenDirectory | undefined> {
  let directory: OpenDirectory;
  try {
    directory = await OpenDirectory.openItself(path);
  } catch (thrown) {
    const found = await otherKindAt(path);
    if (found !== undefined) {
      throw refusal(path, found, ANOTHER);
    }
    if (systemCode(thrown) === 'ENOENT') {
      return undefined;
    }
    throw directoryError(thrown, 'cannot read', path);
  }
  return requirePrivate(directory);
}

async function makeCacheDirectory(path: string): Promise<OpenDirectory> {
  try {
    return requirePrivate(await makeDirectories(path, 0o700));
  } catch (thrown) {
    throw directoryError(thrown, 'cannot create', path);
  }
}

function requirePrivate(directory: OpenDirectory): OpenDirectory {
  const { path, stats } = directory;
  const found = refusalOfStatus(path, stats);
  if (found === undefined) {
    return directory;
  }
  directory.close();
  throw found;
}

function refusalOfStatus(path: string, { uid, mode }: OpenDirectory['stats']): VirtSimilarityError | undefined {
  if (process.getuid !== undefined && uid !== BigInt(process.getuid())) {
    return refusal(path, 'one that belongs to another user', ANOTHER);
  }
  return (mode & WRITABLE_BY_OTHERS) === 0n
    ? undefined
    : refusal(path, 'one that others can write to', wording`run chmod go-w ${shellWord(path)}, or ${ANOTHER}`);
}

/**
 * Returns what is at the path instead of a directory; `undefined` if nothing is there, it is a directory, or its status
 * cannot be read.
 */
async function otherKindAt(path: string): Promise<string | undefined> {
  const kind = await kindAt(path);
  if (kind === undefined || kind === 'directory') {
    return undefined;
  }
  return kind === 'link' ? 'a symbolic link' : 'a file that is not a directory';
}

function refusal(path: string, found: string, remedy: Wording): VirtSimilarityError {
  return new VirtSimilarityError(
    'refused',
    wording`cannot use the cache ${path}: expected a directory that only you can write to, found ${found}; ${remedy}`,
  );
}

function directoryError(thrown: unknown, action: string, path: string): VirtSimilarityError {
  return fileError(thrown, `${action} the cache ${path}`, path, ANOTHER);
}
