import type { HashVector } from '../contracts/hash-vector.js';
import { VirtSimilarityError } from '../errors.js';

/**
 * Vectors that say which version of the algorithm's hasher made them must have one version.
 *
 * @throws `usage` unless there is a vector, and all have one algorithm, one length of digests and one block size.
 */
export function checkComparable(vectors: readonly HashVector[]): void {
  const [first] = vectors;
  if (first === undefined) {
    throw new VirtSimilarityError('usage', 'expected hash vectors to compare, found none');
  }
  const expected = descriptionOf(first);
  const versioned = vectors.find(({ hasherVersion }) => hasherVersion !== undefined);
  for (const vector of vectors) {
    const found = descriptionOf(vector);
    if (found === expected) {
      requireVersionOf(versioned, vector);
      continue;
    }
    const problem = `expected ${expected} as of ${first.name}, found ${found}`;
    throw new VirtSimilarityError('usage', `cannot compare ${vector.name}: ${problem}; hash all images alike`, {
      image: vector.name,
    });
  }
}

function requireVersionOf(versioned: HashVector | undefined, { name, algorithm, hasherVersion }: HashVector): void {
  if (versioned === undefined || hasherVersion === undefined || hasherVersion === versioned.hasherVersion) {
    return;
  }
  const expected = `digests of ${algorithm} version ${versioned.hasherVersion} as of ${versioned.name}`;
  const problem = `cannot compare ${name}: expected ${expected}, found version ${hasherVersion}`;
  throw new VirtSimilarityError('usage', `${problem}; hash all images with one version`, { image: name });
}

function descriptionOf({ algorithm, digestLength, blockSize }: HashVector): string {
  return `${algorithm} digests of ${digestLength} bytes of ${blockSize}-byte blocks`;
}
