import type { FileStorage } from '../contracts/hash-vector.js';
import { VirtSimilarityError } from '../errors.js';
import { systemCode } from '../files/file-error.js';
import {
  closeDescriptor,
  closeRegularFile,
  type LocatedFile,
  type OpenFile,
  openRegularFile,
  openRegularFileSync,
  statusOfSync,
} from '../files/regular-file.js';
import type { FileStatus } from '../identity/stamp.js';
import { changedFile } from './reading-error.js';
import { fileIdentityOf, sameContent } from './vector-file-identity.js';

/**
 * Opens a hash-vector file again, and returns its descriptor. The caller closes the descriptor.
 *
 * @throws `changed` if the file was changed, replaced or removed, and as `openRegularFileSync`.
 */
export function openUnchangedSync(storage: FileStorage): number {
  const { descriptor, stats } = reopenSync(storage);
  try {
    requireSame(stats, storage);
    return descriptor;
  } catch (thrown) {
    closeDescriptor(descriptor);
    throw thrown;
  }
}

/** Like `openUnchangedSync`, without blocking this thread. The caller closes the file with `closeRegularFile`. */
export async function openUnchanged(storage: FileStorage): Promise<LocatedFile> {
  const file = await openRegularFile(storage.path).catch((thrown: unknown) => {
    throw changedIfGone(storage, thrown);
  });
  try {
    requireSame(file.stats, storage);
    return file;
  } catch (thrown) {
    await closeRegularFile(file);
    throw thrown;
  }
}

/** @throws `changed` if an open hash-vector file was changed. */
export function requireUnchanged(descriptor: number, storage: FileStorage): void {
  requireSame(statusOfSync(descriptor), storage);
}

/** @throws `changed` if the status differs from the file's recorded identity. */
export function requireSame(stats: FileStatus, { path, identity }: FileStorage): void {
  if (!sameContent(fileIdentityOf(stats), identity)) {
    throw changedFile(path);
  }
}

function reopenSync(storage: FileStorage): OpenFile {
  try {
    return openRegularFileSync(storage.path);
  } catch (thrown) {
    throw changedIfGone(storage, thrown);
  }
}

/**
 * Maps a failure to open a file to `changed` if the file no longer exists, because cache entries may be deleted at any
 * time.
 */
function changedIfGone({ path }: FileStorage, thrown: unknown): unknown {
  const isGone = thrown instanceof VirtSimilarityError && systemCode(thrown.cause) === 'ENOENT';
  return isGone ? changedFile(path, thrown.cause) : thrown;
}
