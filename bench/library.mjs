import { runChild } from './command.mjs';

/** The script of the command, for rows that include its start. */
export const VIRT_SIMILARITY = new URL('../packages/cli/bundle/main.js', import.meta.url).pathname;

/**
 * Measures hashing images without a cache, in a separate process whose start is not counted. Returns a sample.
 *
 * @param {number} amount the number of bytes for the sample
 * @param {readonly string[]} allowBacking the directories of backing files
 */
export async function hashWithLibrary(images, hasher, amount, allowBacking = []) {
  const { seconds, peakBytes } = await runChild('hash.mjs', { images, hasher, allowBacking });
  return { seconds, peakBytes, amount };
}

/** Throws unless two images have the same hash vector, so that only correct results are timed. */
export async function expectSameContent(first, second, hasher) {
  const [one, other] = [
    await runChild('hash.mjs', { images: [first], hasher }),
    await runChild('hash.mjs', { images: [second], hasher }),
  ];
  if (one.checksum !== other.checksum) {
    throw new Error(`expected equal hash vectors of ${first} and ${second}`);
  }
}
