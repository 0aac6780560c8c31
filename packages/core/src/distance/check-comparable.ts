import { VirtSimilarityError } from '../errors.js';
import type { HashVector } from '../hash-vectors/hash-vector.js';

/** Throws `usage` unless there is a vector, and all have one algorithm, one length of digests and one block size. */
export function checkComparable(vectors: readonly HashVector[]): void {
  const [first] = vectors;
  if (first === undefined) throw new VirtSimilarityError('usage', 'expected hash vectors to compare, found none');
  const expected = descriptionOf(first);
  for (const vector of vectors) {
    const found = descriptionOf(vector);
    if (found === expected) continue;
    const problem = `expected ${expected} as of ${first.name}, found ${found}`;
    throw new VirtSimilarityError('usage', `cannot compare ${vector.name}: ${problem}; hash all images alike`, {
      image: vector.name,
    });
  }
}

function descriptionOf({ algorithm, digestLength, blockSize }: HashVector): string {
  return `${algorithm} digests of ${digestLength} bytes of ${blockSize}-byte blocks`;
}
