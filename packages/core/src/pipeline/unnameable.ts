import { realpath } from 'node:fs/promises';
import { VirtSimilarityError } from '../errors.js';

/** What bytes that are not UTF-8 become when Node.js decodes them. */
const REPLACEMENT = '\uFFFD';

/**
 * Why a file that is not found may be there after all: it, or a directory on the way to it, has a name that is not UTF-8,
 * which Node.js cannot hand back to the system. Nothing where that is not so.
 */
export async function unnameable(path: string, cause: unknown): Promise<VirtSimilarityError | undefined> {
  const real = await realpath(path, 'buffer').catch(() => undefined);
  if (real === undefined ? !path.includes(REPLACEMENT) : real.equals(Buffer.from(real.toString()))) return undefined;
  const message = `cannot open ${path}: its name, or that of a directory that leads to it, is not UTF-8; rename it`;
  return new VirtSimilarityError('unreadable', message, { image: path, cause });
}
