import {
  type BigIntStats,
  close,
  closeSync,
  constants,
  fstat,
  fstatSync,
  open,
  openSync,
  read,
  readSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { VirtSimilarityError } from '../errors.js';
import { fileError, systemCode } from './file-error.js';
import { isOnLocalFileSystem } from './local-file-system.js';
import { systemPath } from './path-text.js';

const openAsync = promisify(open);
const statAsync = promisify<number, { bigint: true }, BigIntStats>(fstat);
const readAsync = promisify(read);
const closeAsync = promisify(close);

/** A regular file, open for reading. The caller closes its descriptor. */
export interface OpenFile {
  readonly descriptor: number;
  readonly stats: BigIntStats;
}

export interface OpenFileOptions {
  /** Whether to refuse a symbolic link. */
  readonly noFollow?: boolean | undefined;
  /**
   * The path to open instead, for a file in an open directory (see `OpenDirectory.pathOf`). The parameter `path` is
   * then used only in messages.
   */
  readonly place?: string | Buffer | undefined;
}

/** An open file, and whether it is on a local file system, so that this thread can make blocking calls for it. */
export interface LocatedFile extends OpenFile {
  readonly isLocal: boolean;
}

/**
 * Opens a regular file for reading, synchronously. Call it in a worker thread, or in the main thread for a file on a
 * local file system, where cached data is read within microseconds. Does not block on a FIFO. The caller closes the
 * descriptor.
 *
 * @throws `refused` for anything other than a regular file, and for a symbolic link if `noFollow` is set; `unavailable`
 *   if opening fails because a system resource is exhausted, `unreadable` if it fails for another reason.
 */
export function openRegularFileSync(path: string, options: OpenFileOptions = {}): OpenFile {
  const { place = systemPath(path), noFollow = false } = options;
  let descriptor: number | undefined;
  try {
    descriptor = openSync(place, flagsFor(noFollow));
    return { descriptor, stats: requireRegular(path, statusOfSync(descriptor)) };
  } catch (thrown) {
    closeDescriptor(descriptor);
    throw openingError(thrown, path, noFollow);
  }
}

/** Like `openRegularFileSync`, without blocking this thread. The caller closes the file with `closeRegularFile`. */
export async function openRegularFile(path: string, options: OpenFileOptions = {}): Promise<LocatedFile> {
  const { place = systemPath(path), noFollow = false } = options;
  let descriptor: number | undefined;
  try {
    descriptor = await openAsync(place, flagsFor(noFollow));
    // Checks the descriptor, because the path may lead to another file by now.
    const isLocal = await isOnLocalFileSystem(`/proc/self/fd/${descriptor}`).catch(() => false);
    return { descriptor, stats: requireRegular(path, await statusOf({ descriptor, isLocal })), isLocal };
  } catch (thrown) {
    if (descriptor !== undefined) {
      await closeAsync(descriptor);
    }
    throw openingError(thrown, path, noFollow);
  }
}

/** Returns the current status of an open file. */
export async function statusOf({ descriptor, isLocal }: Omit<LocatedFile, 'stats'>): Promise<BigIntStats> {
  return isLocal ? statusOfSync(descriptor) : statAsync(descriptor, { bigint: true });
}

/** Closes a file, without blocking this thread unless the file is local: some file systems write on close. */
export async function closeRegularFile({ descriptor, isLocal }: LocatedFile): Promise<void> {
  if (isLocal) {
    closeSync(descriptor);
  } else {
    await closeAsync(descriptor);
  }
}

/** Returns the current status of an open file, synchronously. */
export function statusOfSync(descriptor: number): BigIntStats {
  return fstatSync(descriptor, { bigint: true });
}

/** Closes a descriptor if there is one. */
export function closeDescriptor(descriptor: number | undefined): void {
  if (descriptor !== undefined) {
    closeSync(descriptor);
  }
}

function flagsFor(noFollow: boolean): number {
  return constants.O_RDONLY | constants.O_NONBLOCK | (noFollow ? constants.O_NOFOLLOW : 0);
}

function requireRegular(path: string, stats: BigIntStats): BigIntStats {
  if (stats.isFile()) {
    return stats;
  }
  throw new VirtSimilarityError('refused', `cannot open ${path}: expected a regular file, found something else`, {
    image: path,
  });
}

function openingError(thrown: unknown, path: string, noFollow: boolean): VirtSimilarityError {
  if (noFollow && systemCode(thrown) === 'ELOOP') {
    const problem = `cannot open ${path}: expected a regular file, found a symbolic link`;
    return new VirtSimilarityError('refused', problem, { image: path, cause: thrown });
  }
  return fileError(thrown, `cannot open ${path}`, path);
}

/**
 * Fills `target` with the bytes from `position` on.
 *
 * @throws a plain `Error` if the file ends too early, and whatever the system throws.
 */
export function readExactlySync(descriptor: number, target: Uint8Array, position: number): void {
  for (let done = 0; done < target.length; ) {
    const bytesRead = readSync(descriptor, target, done, target.length - done, position + done);
    if (bytesRead === 0) {
      throw endOfFile(target.length, position);
    }
    done += bytesRead;
  }
}

/** Like `readExactlySync`, without blocking this thread. */
export async function readExactly(descriptor: number, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const { bytesRead } = await readAsync(descriptor, target, done, target.length - done, position + done);
    if (bytesRead === 0) {
      throw endOfFile(target.length, position);
    }
    done += bytesRead;
  }
}

function endOfFile(length: number, position: number): Error {
  return new Error(`expected ${length} bytes at offset ${position}, found the end of the file`);
}
