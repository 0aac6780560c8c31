import type { HashVector } from '../contracts/hash-vector.js';
import { excerptOf, VirtSimilarityError } from '../errors.js';

/**
 * Checks that a program passes a list of hash vectors, because a mistake would otherwise fail far from the call. The
 * list may be empty.
 *
 * @param call the method, for the message
 * @throws `usage` if the value is not a list, or an element has no name or no method `rows`.
 */
export function requireVectors(call: string, vectors: readonly HashVector[]): void {
  const remedy = 'pass the vector of an outcome of hash, or the result of openHashVector';
  if (!Array.isArray(vectors)) {
    throw new VirtSimilarityError(
      'usage',
      `${call}: expected a list of hash vectors, found ${excerptOf(vectors)}; ${remedy}`,
    );
  }
  const wrong = vectors.findIndex((vector) => typeof vector?.rows !== 'function' || typeof vector.name !== 'string');
  if (wrong >= 0) {
    throw new VirtSimilarityError(
      'usage',
      `${call}: expected hash vectors, found ${excerptOf(vectors[wrong])}; ${remedy}`,
    );
  }
}
