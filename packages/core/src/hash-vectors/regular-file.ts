import { type BigIntStats, closeSync, constants, fstatSync, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { VirtSimilarityError } from '../errors.js';
import { systemPath } from '../paths/path-text.js';
import { fileError, systemCode } from './file-error.js';

const readLater = promisify(read);

/** A regular file, open for reading. Whoever opened it closes its descriptor. */
export interface OpenFile {
  readonly descriptor: number;
  readonly stats: BigIntStats;
}

/**
 * Opens a regular file for reading; a pipe does not block it. What has been read lately is there again in some
 * microseconds, a hundredth of what asking another thread for it takes; so this one waits.
 * Throws `refused` for anything else than a regular file, `unreadable` or `unavailable` if the system does not open it.
 *
 * @param flags of open(2), in addition to reading
 * @param place what is opened, where that is not the path itself but a name in an open directory
 */
export function openRegularFile(path: string, flags = 0, place: string | Buffer = systemPath(path)): OpenFile {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(place, constants.O_RDONLY | constants.O_NONBLOCK | flags);
    const stats = fstatSync(descriptor, { bigint: true });
    if (stats.isFile()) return { descriptor, stats };
    throw new VirtSimilarityError('refused', `cannot open ${path}: expected a regular file, found something else`, {
      image: path,
    });
  } catch (thrown) {
    if (descriptor !== undefined) closeSync(descriptor);
    if (systemCode(thrown) === 'ELOOP' && (flags & constants.O_NOFOLLOW) !== 0) {
      const problem = `cannot open ${path}: expected a regular file, found a symbolic link`;
      throw new VirtSimilarityError('refused', problem, { image: path, cause: thrown });
    }
    throw fileError(thrown, `cannot open ${path}`, path);
  }
}

/** Fills `target` with the bytes from `position` on. Throws a plain error if the file ends before. */
export function readExactly(descriptor: number, target: Uint8Array, position: number): void {
  for (let done = 0; done < target.length; ) {
    const bytesRead = readSync(descriptor, target, done, target.length - done, position + done);
    if (bytesRead === 0) throw endOfFile(target.length, position);
    done += bytesRead;
  }
}

/** As `readExactly`, in another thread. */
export async function readExactlyLater(descriptor: number, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const { bytesRead } = await readLater(descriptor, target, done, target.length - done, position + done);
    if (bytesRead === 0) throw endOfFile(target.length, position);
    done += bytesRead;
  }
}

function endOfFile(length: number, position: number): Error {
  return new Error(`expected ${length} bytes at ${position}, found the end of the file`);
}
