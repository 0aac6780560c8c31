import { type BigIntStats, closeSync, fstatSync } from 'node:fs';
import { VirtSimilarityError } from '../errors.js';
import { systemCode } from './file-error.js';
import { type FileStorage, fileIdentityOf, sameFile } from './hash-vector-storage.js';
import { changedFile } from './reading-error.js';
import { closeRegularFile, type LocatedFile, openRegularFile, openRegularFileLater } from './regular-file.js';

/** Opens a hash-vector file once more. Throws `changed` if it is not the one that it was, and as `openRegularFile`. */
export function openUnchanged(storage: FileStorage): number {
  const { descriptor, stats } = unlessGone(storage, () => openRegularFile(storage.path));
  try {
    requireSame(stats, storage);
    return descriptor;
  } catch (thrown) {
    closeSync(descriptor);
    throw thrown;
  }
}

/** As `openUnchanged`, without blocking this thread. */
export async function openUnchangedLater(storage: FileStorage): Promise<LocatedFile> {
  const file = await openRegularFileLater(storage.path).catch((thrown: unknown) => {
    throw goneOr(storage, thrown);
  });
  try {
    requireSame(file.stats, storage);
    return file;
  } catch (thrown) {
    await closeRegularFile(file);
    throw thrown;
  }
}

/** Throws `changed` if an open hash-vector file is not what it was. */
export function requireUnchanged(descriptor: number, storage: FileStorage): void {
  requireSame(fstatSync(descriptor, { bigint: true }), storage);
}

/** Throws `changed` if this is not the status of the file as it was. */
export function requireSame(stats: BigIntStats, { path, identity }: FileStorage): void {
  if (!sameFile(fileIdentityOf(stats), identity)) throw changedFile(path);
}

function unlessGone<Result>(storage: FileStorage, open: () => Result): Result {
  try {
    return open();
  } catch (thrown) {
    throw goneOr(storage, thrown);
  }
}

/** Anybody may delete entries of the cache at any time. */
function goneOr({ path }: FileStorage, thrown: unknown): unknown {
  const isGone = thrown instanceof VirtSimilarityError && systemCode(thrown.cause) === 'ENOENT';
  return isGone ? changedFile(path, thrown.cause) : thrown;
}
