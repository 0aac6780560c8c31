import { randomBytes } from 'node:crypto';
import { constants, type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { throwIfAborted, VirtSimilarityError } from '../errors.js';
import { systemPath } from '../paths/path-text.js';
import { realPath } from '../paths/real-path.js';
import { fileError, systemCode } from './file-error.js';
import { sweepOnce, temporaryName } from './temporary-files.js';

/** The system is called once for so many bytes, because a call costs as much as copying some 100 KiB. */
const BYTES_PER_WRITE = 256 * 1024;

export interface AtomicFileOptions {
  /** Permissions before the umask. */
  readonly mode?: number;
  readonly signal?: AbortSignal | undefined;
}

export const ATOMIC_FILE_DEFAULTS = { mode: 0o666 } as const;

/** Pieces of a file in order; text becomes UTF-8. */
export type FileChunks = AsyncIterable<Uint8Array | string>;

/**
 * Writes a file so that it is there whole, on disk, or not at all: to a temporary file in the same directory, fsync,
 * rename, fsync of the directory. An existing regular file is replaced, one behind a symbolic link too. Temporary files
 * of writers that were killed more than an hour ago are removed from the directory.
 *
 * A chunk must not change before the next one is asked for. Throws `refused` where the path is something
 * other than a regular file, `aborted`, `unavailable` (no space), `unreadable`, and whatever `chunks` throws; the
 * temporary file is then gone.
 */
export async function writeFileAtomically(
  path: string,
  chunks: FileChunks,
  options: AtomicFileOptions = {},
): Promise<void> {
  const target = await resolveTarget(path);
  await sweepOnce(dirname(target));
  const place = async (temporary: string) => {
    await rename(systemPath(temporary), systemPath(target));
    return target;
  };
  await placeFileAtomically(dirname(target), chunks, place, options);
}

/**
 * As `writeFileAtomically`, for a file whose place is known only after its last chunk. `place` is called with the path
 * of the temporary file once that is on disk, makes it, or one that is there already, the result, and gives its path.
 */
export async function placeFileAtomically(
  directory: string,
  chunks: FileChunks,
  place: (temporary: string) => Promise<string>,
  options: AtomicFileOptions = {},
): Promise<string> {
  const temporary = join(directory, temporaryName(randomBytes(8).toString('hex')));
  let handle: FileHandle;
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    handle = await open(systemPath(temporary), flags, options.mode ?? ATOMIC_FILE_DEFAULTS.mode);
  } catch (thrown) {
    throw fileError(thrown, `cannot write to directory ${directory}`, directory);
  }
  try {
    try {
      await writeChunks(handle, chunks, options.signal);
      await handle.sync();
    } finally {
      await handle.close();
    }
    throwIfAborted(options.signal);
    const path = await place(temporary);
    await syncDirectory(directory);
    return path;
  } catch (thrown) {
    throw systemCode(thrown) === undefined
      ? thrown
      : fileError(thrown, `cannot write to directory ${directory}`, directory);
  } finally {
    await rm(systemPath(temporary), { force: true });
  }
}

async function resolveTarget(path: string): Promise<string> {
  try {
    // A rename would replace a device such as /dev/null by a file.
    if (!(await stat(systemPath(path))).isFile()) {
      throw new VirtSimilarityError('refused', `cannot write ${path}: expected a regular file or a free name`, {
        image: path,
      });
    }
    return await realPath(path);
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return path;
    throw fileError(thrown, `cannot write ${path}`, path);
  }
}

async function writeChunks(handle: FileHandle, chunks: FileChunks, signal: AbortSignal | undefined): Promise<void> {
  const gathered = new Uint8Array(BYTES_PER_WRITE);
  let filled = 0;
  for await (const chunk of chunks) {
    throwIfAborted(signal);
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (filled + bytes.length > gathered.length) {
      await writeWhole(handle, gathered.subarray(0, filled));
      filled = 0;
    }
    if (bytes.length > gathered.length) {
      await writeWhole(handle, bytes);
    } else {
      gathered.set(bytes, filled);
      filled += bytes.length;
    }
  }
  throwIfAborted(signal);
  await writeWhole(handle, gathered.subarray(0, filled));
}

async function writeWhole(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done)).bytesWritten;
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(systemPath(directory), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } catch (thrown) {
    // Some network file systems cannot; the file itself is safe.
    if (systemCode(thrown) !== 'EINVAL') throw fileError(thrown, `cannot write to directory ${directory}`, directory);
  } finally {
    await handle.close();
  }
}
