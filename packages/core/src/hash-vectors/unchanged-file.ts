import { closeSync, fstatSync } from 'node:fs';
import { VirtSimilarityError } from '../errors.js';
import { systemCode } from './file-error.js';
import { type FileStorage, fileIdentityOf, sameFile } from './hash-vector-storage.js';
import { changedFile } from './reading-error.js';
import { type OpenFile, openRegularFile } from './regular-file.js';

/** Opens a hash-vector file once more. Throws `changed` if it is not the one that it was, and as `openRegularFile`. */
export function openUnchanged({ path, identity }: FileStorage): number {
  const { descriptor, stats } = openIfThere(path);
  if (sameFile(fileIdentityOf(stats), identity)) return descriptor;
  closeSync(descriptor);
  throw changedFile(path);
}

/** Throws `changed` if an open hash-vector file is not what it was. */
export function requireUnchanged(descriptor: number, { path, identity }: FileStorage): void {
  if (!sameFile(fileIdentityOf(fstatSync(descriptor, { bigint: true })), identity)) throw changedFile(path);
}

/** Anybody may delete entries of the cache at any time. */
function openIfThere(path: string): OpenFile {
  try {
    return openRegularFile(path);
  } catch (thrown) {
    const isGone = thrown instanceof VirtSimilarityError && systemCode(thrown.cause) === 'ENOENT';
    throw isGone ? changedFile(path, thrown.cause) : thrown;
  }
}
