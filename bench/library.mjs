import { runChild } from './command.mjs';

/** The whole command's script, for rows that count its start too. */
export const VIRT_SIMILARITY = new URL('../packages/cli/bundle/main.js', import.meta.url).pathname;

/** A sample of hashing images without a cache, in a process of its own whose start is not counted. */
export async function hashWithLibrary(images, hasher, amount, allowBacking = []) {
  const { seconds, peakBytes } = await runChild('hash.mjs', { images, hasher, allowBacking });
  return { seconds, peakBytes, amount };
}

/** Throws unless two images have the same hash vector: what is timed must also be right. */
export async function expectSameContent(first, second, hasher) {
  const [one, other] = [
    await runChild('hash.mjs', { images: [first], hasher }),
    await runChild('hash.mjs', { images: [second], hasher }),
  ];
  if (one.checksum !== other.checksum) {
    throw new Error(`expected equal hash vectors of ${first} and ${second}`);
  }
}
