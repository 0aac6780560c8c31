import { constants, type FileHandle, open } from 'node:fs/promises';
import { VirtSimilarityError } from '../errors.js';
import { fileError } from './file-error.js';

/**
 * Opens a regular file for reading; a pipe does not block it. The caller closes the handle.
 * Throws `refused` for anything else than a regular file, `unreadable` or `unavailable` if the system does not open it.
 *
 * @param flags of open(2), in addition to reading
 */
export async function openRegularFile(path: string, flags = 0): Promise<FileHandle> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | flags).catch((thrown: unknown) => {
    throw fileError(thrown, `cannot open ${path}`, path);
  });
  try {
    if ((await handle.stat()).isFile()) return handle;
    throw new VirtSimilarityError('refused', `cannot open ${path}: expected a regular file, found something else`, {
      image: path,
    });
  } catch (thrown) {
    await handle.close();
    throw fileError(thrown, `cannot open ${path}`, path);
  }
}

/** Reads exactly `length` bytes from `position` on. Throws a plain error if the file ends before. */
export async function readExactly(
  handle: FileHandle,
  length: number,
  position: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw new Error(`expected ${length} bytes at ${position}, found the end of the file`);
    done += bytesRead;
  }
  return bytes;
}
