import type { BigIntStats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { throwIfAborted, VirtSimilarityError } from '../errors.js';
import { fileNumberOf, sameFile } from '../identity/stamp.js';
import { fileError, systemCode } from './file-error.js';
import { OpenDirectory } from './open-directory.js';
import type { ProtectedFiles } from './protected-files.js';
import { NEW_FILE, sweepOnce, temporaryName } from './temporary-files.js';

/**
 * Bytes: chunks are collected up to this size before they are written, because a system call costs as much as copying
 * about 100 KiB.
 */
const BYTES_PER_WRITE = 256 * 1024;

export interface PlacedFileOptions {
  /** Permissions before the umask is applied; default: 0o666. */
  readonly mode?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface AtomicFileOptions extends PlacedFileOptions {
  /** The directory of the path, if it is already open. It stays open. */
  readonly directory?: OpenDirectory | undefined;
  /** Files that must not be replaced, under any name. */
  readonly protect?: ProtectedFiles | undefined;
}

/** Chunks of a file in order; text is encoded as UTF-8. */
export type FileChunks = AsyncIterable<Uint8Array | string>;

/**
 * Writes a file atomically: afterwards, the new content is at the path completely or not at all. Writes a new temporary
 * file in the same directory, then calls fsync, rename, and fsync of the directory. The directory is opened once; later
 * changes of its path have no effect. An existing regular file is replaced. Nothing is ever written through a link: a
 * link at the path is refused, and a link that is created there at the last moment is itself replaced. The first call
 * for a directory in this process also removes temporary files of ended processes from the directory.
 *
 * A chunk must not change until the next chunk is requested.
 *
 * @throws `refused` if the path belongs to a protected file or to anything other than a regular file, as
 *   `OpenDirectory.open` for the directory (system errors as `unreadable` or `unavailable`), and as
 *   `placeFileAtomically`.
 */
export async function writeFileAtomically(
  path: string,
  chunks: FileChunks,
  options: AtomicFileOptions = {},
): Promise<void> {
  const name = fileNameOf(path);
  const directory = options.directory ?? (await openDirectoryOf(path));
  const check = () => requireReplaceable(directory, name, { path, protect: options.protect });
  try {
    await check();
    await sweepOnce(directory);
    const place = async (temporary: string) => {
      await check();
      await directory.rename(temporary, name);
    };
    await placeFileAtomically(directory, chunks, place, options);
  } finally {
    if (options.directory === undefined) {
      directory.close();
    }
  }
}

/**
 * Like `writeFileAtomically`, for a file whose name is known only after its last chunk. Once the temporary file is on
 * disk, calls `place` with the temporary file's name. `place` can rename the temporary file, or give it a second name.
 * Returns the result of `place`. At the end, also after an error, removes the temporary name if possible.
 *
 * @throws `aborted` if the signal fires; `changed` if another program replaced the temporary file; `unavailable` for a
 *   system error if space or another system resource is exhausted, `unreadable` for any other system error, also if
 *   `chunks` or `place` throws it; and any other error that `chunks` or `place` throws.
 */
export async function placeFileAtomically<Result>(
  directory: OpenDirectory,
  chunks: FileChunks,
  place: (temporary: string) => Promise<Result>,
  options: PlacedFileOptions = {},
): Promise<Result> {
  const failed = (thrown: unknown) => fileError(thrown, `cannot write to directory ${directory.path}`, directory.path);
  const temporary = temporaryName();
  let handle: FileHandle;
  try {
    handle = await open(directory.pathOf(temporary), NEW_FILE, options.mode ?? 0o666);
  } catch (thrown) {
    throw failed(thrown);
  }
  try {
    let written: BigIntStats;
    try {
      await writeChunks(handle, chunks, options.signal);
      await handle.sync();
      written = await handle.stat({ bigint: true });
    } finally {
      await handle.close();
    }
    throwIfAborted(options.signal);
    await requireSameFile(directory, temporary, written);
    const result = await place(temporary);
    await directory.sync();
    return result;
  } catch (thrown) {
    throw systemCode(thrown) === undefined ? thrown : failed(thrown);
  } finally {
    // The temporary file does not exist if it was renamed. If it cannot be removed, a later process removes it.
    await directory.remove(temporary).catch(() => {});
  }
}

/**
 * Returns the last part of a path.
 *
 * @throws `refused` if the last part cannot be the name of a file.
 */
function fileNameOf(path: string): string {
  const name = basename(path);
  if (path.endsWith('/') || ['', '.', '..'].includes(name)) {
    throw new VirtSimilarityError(
      'refused',
      `cannot write ${path}: expected a file name, found a directory; add a file name`,
      {
        image: path,
      },
    );
  }
  return name;
}

async function openDirectoryOf(path: string): Promise<OpenDirectory> {
  try {
    return await OpenDirectory.open(dirname(path));
  } catch (thrown) {
    throw fileError(thrown, `cannot write ${path}`, path);
  }
}

/** A file to be written. */
export interface ReplaceableFile {
  /** The path, for messages. */
  readonly path: string;
  readonly protect: ProtectedFiles | undefined;
}

/**
 * Requires that a name is unused or belongs to a regular file that may be replaced, because a rename would replace even
 * a device such as /dev/null. Returns the status of the file; `undefined` for an unused name.
 *
 * @throws `refused` if the name belongs to a protected file or to anything other than a regular file, `unreadable` or
 *   `unavailable` if the system cannot report what has the name.
 */
export async function requireReplaceable(
  directory: OpenDirectory,
  name: string,
  { path, protect }: ReplaceableFile,
): Promise<BigIntStats | undefined> {
  const stats = await directory.statusOf(name).catch((thrown: unknown) => {
    if (systemCode(thrown) === 'ENOENT') {
      return undefined;
    }
    throw fileError(thrown, `cannot write ${path}`, path);
  });
  const image = stats && protect?.pathOf(fileNumberOf(stats));
  if (image !== undefined) {
    throw new VirtSimilarityError('refused', `${path} would overwrite the image ${image}; choose another name`, {
      image: path,
    });
  }
  if (stats?.isFile() === false) {
    const isLink = stats.isSymbolicLink();
    const found = isLink ? 'a symbolic link' : stats.isDirectory() ? 'a directory' : 'a special file';
    const remedy = isLink ? 'name its target, or choose another name' : 'choose another name';
    throw new VirtSimilarityError('refused', `cannot write ${path}: it is ${found}, not a regular file; ${remedy}`, {
      image: path,
    });
  }
  return stats;
}

/**
 * Requires that no other program replaced the temporary file, which is possible in a directory that others can write
 * to.
 *
 * @throws `changed` if the temporary file was replaced, and whatever the system throws if it was removed.
 */
async function requireSameFile(directory: OpenDirectory, name: string, written: BigIntStats): Promise<void> {
  const now = await directory.statusOf(name);
  if (!sameFile(fileNumberOf(now), fileNumberOf(written))) {
    throw new VirtSimilarityError(
      'changed',
      `cannot write to directory ${directory.path}: a temporary file in it was replaced; choose a directory that only you can write to`,
    );
  }
}

async function writeChunks(handle: FileHandle, chunks: FileChunks, signal: AbortSignal | undefined): Promise<void> {
  const collected = new Uint8Array(BYTES_PER_WRITE);
  let filled = 0;
  for await (const chunk of chunks) {
    throwIfAborted(signal);
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (filled + bytes.length > collected.length) {
      await writeAll(handle, collected.subarray(0, filled));
      filled = 0;
    }
    if (bytes.length > collected.length) {
      await writeAll(handle, bytes);
    } else {
      collected.set(bytes, filled);
      filled += bytes.length;
    }
  }
  throwIfAborted(signal);
  await writeAll(handle, collected.subarray(0, filled));
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done)).bytesWritten;
  }
}
