import { VirtSimilarityError } from '../errors.js';
import { fileError } from './file-error.js';
import { closeRegularFile, openRegularFile, readExactly } from './regular-file.js';

/**
 * Returns the content of a regular file.
 *
 * @param limit bytes
 * @throws as `openRegularFile`, `refused` if the file is larger than `limit`, `unavailable` if a system resource is
 *   exhausted, and `unreadable` if the file cannot be read for another reason or becomes shorter meanwhile.
 */
export async function readSmallFile(path: string, limit: number): Promise<Buffer> {
  const file = await openRegularFile(path);
  try {
    const { size } = file.stats;
    if (size > limit) {
      const problem = `cannot read ${path}: expected at most ${limit} bytes, found ${size}`;
      throw new VirtSimilarityError('refused', `${problem}; name the right file`, { image: path });
    }
    const content = Buffer.alloc(Number(size));
    await readExactly(file.descriptor, content, 0).catch((cause: unknown) => {
      throw fileError(cause, `cannot read ${path}`, path);
    });
    return content;
  } finally {
    await closeRegularFile(file);
  }
}
