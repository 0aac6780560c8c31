import type { BigIntStats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { throwIfAborted, VirtSimilarityError } from '../errors.js';
import { fileNumberOf, sameFile } from '../identity/stamp.js';
import { fileError, systemCode } from './file-error.js';
import { OpenDirectory } from './open-directory.js';
import type { ProtectedFiles } from './protected-files.js';
import { NEW_FILE, sweepOnce, temporaryName } from './temporary-files.js';

/** The system is called once for so many bytes, because a call costs as much as copying some 100 KiB. */
const BYTES_PER_WRITE = 256 * 1024;

export interface PlacedFileOptions {
  /** Permissions before the umask; by default 0o666. */
  readonly mode?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface AtomicFileOptions extends PlacedFileOptions {
  /** The directory of the path, if it is open already. It stays open. */
  readonly directory?: OpenDirectory | undefined;
  /** Files that are not replaced, under whatever name. */
  readonly protect?: ProtectedFiles | undefined;
}

/** Pieces of a file in order; text becomes UTF-8. */
export type FileChunks = AsyncIterable<Uint8Array | string>;

/**
 * Writes a file so that it is there completely, on disk, or not at all: to a new temporary file in the same directory,
 * fsync, rename, fsync of the directory. The directory is opened once; what is done to its path meanwhile has no effect.
 * An existing regular file is replaced. Nothing is ever written through a link: one that is found at the path is refused,
 * and one that is put there at the last moment is replaced itself. Temporary files of processes that were killed are
 * removed from the directory.
 *
 * A chunk must not change before the next one is asked for.
 *
 * @throws `refused` where the path is something other than a regular file, or a protected one,
 *   `aborted`, `unavailable` (no space), `unreadable`, and whatever `chunks` throws; the temporary file is then removed
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
 * As `writeFileAtomically`, for a file whose name is known only after its last chunk. `place` is called with the name of
 * the temporary file once that is on disk, and gives it its own name, or leaves it to be removed. Returns what `place`
 * returns.
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
    handle = await open(directory.at(temporary), NEW_FILE, options.mode ?? 0o666);
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
    // Gone if it was renamed; what cannot be removed is swept by a later process.
    await directory.remove(temporary).catch(() => {});
  }
}

/**
 * The last part of a path.
 *
 * @throws `refused` where that cannot be a file's name.
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

/** A file that is to be written. */
export interface ReplaceableFile {
  /** For messages. */
  readonly path: string;
  readonly protect: ProtectedFiles | undefined;
}

/**
 * Requires that a name is free, or that of a regular file that may be replaced: a rename would replace a device such as
 * /dev/null by a file. Returns the status of that file; `undefined` for a free name.
 *
 * @throws `refused`, and `unreadable` where the system does not say what is there
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

/** In a directory that others can write to, the temporary file may have been replaced by another one. */
async function requireSameFile(directory: OpenDirectory, name: string, written: BigIntStats): Promise<void> {
  const now = await directory.statusOf(name);
  if (!sameFile(fileNumberOf(now), fileNumberOf(written))) {
    throw new VirtSimilarityError(
      'changed',
      `cannot write to directory ${directory.path}: a temporary file in it was replaced; write to a directory that only you can write to`,
    );
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
