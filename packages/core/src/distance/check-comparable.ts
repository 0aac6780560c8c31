import type { HashVector } from '../contracts/hash-vector.js';
import { VirtSimilarityError } from '../errors.js';

/**
 * Checks that vectors can be compared with each other.
 *
 * @throws `usage` if there is no vector, or if the vectors differ in algorithm, digest length, block size or hasher
 *   version. Vectors without a hasher version match any version.
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
    const problem = `cannot compare ${vector.name}: expected ${expected} as in ${first.name}, found ${found}`;
    throw new VirtSimilarityError('usage', `${problem}; hash all images with the same options`, {
      image: vector.name,
    });
  }
}

function requireVersionOf(versioned: HashVector | undefined, { name, algorithm, hasherVersion }: HashVector): void {
  if (versioned === undefined || hasherVersion === undefined || hasherVersion === versioned.hasherVersion) {
    return;
  }
  const expected = `digests of ${algorithm} version ${versioned.hasherVersion} as in ${versioned.name}`;
  const problem = `cannot compare ${name}: expected ${expected}, found version ${hasherVersion}`;
  throw new VirtSimilarityError('usage', `${problem}; hash all images with the same version`, { image: name });
}

function descriptionOf({ algorithm, digestLength, blockSize }: HashVector): string {
  return `${digestLength}-byte ${algorithm} digests of ${blockSize}-byte blocks`;
}
