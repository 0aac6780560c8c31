import type { Analysis, AnalyzedImage } from '../contracts/analysis.js';
import type { HashVector, LocatedVector } from '../contracts/hash-vector.js';
import { sharedStorage } from '../distance/engine/shared-memory.js';
import { received, sendable } from '../threads/thread-failure.js';
import { hashVectorAt } from '../vectors/read-hash-vector.js';
import type { SentAnalysis } from './part-work.js';

/** By vector: what is sent for it, with its rows in a file or in shared memory. All reports of an analysis reuse it. */
const SENT = new WeakMap<HashVector, LocatedVector>();

/**
 * Converts an analysis for sending to a thread. Omits vectors without `storage`.
 *
 * @throws `unavailable` if there is not enough memory to copy rows to shared memory.
 */
export function sentAnalysis({ failures, images, ...analysis }: Analysis): SentAnalysis {
  return {
    ...analysis,
    failures: failures.map(({ path, error }) => ({ path, error: sendable(error) })),
    images: images.map(({ vector, ...image }) => {
      const sent = vector && sentVector(vector);
      return sent === undefined ? image : { ...image, vector: sent };
    }),
  };
}

/**
 * Restores an analysis that another thread sent.
 *
 * @throws as `hashVectorAt`.
 */
export function receivedAnalysis({ failures, images, ...analysis }: SentAnalysis): Analysis {
  return {
    ...analysis,
    failures: failures.map(({ path, error }) => ({ path, error: received(error) })),
    images: images.map(({ vector, ...image }): AnalyzedImage => {
      return vector === undefined ? image : { ...image, vector: hashVectorAt(vector) };
    }),
  };
}

function sentVector(vector: HashVector): LocatedVector | undefined {
  const { storage, rows: _, ...header } = vector;
  if (storage === undefined) {
    return undefined;
  }
  const known = SENT.get(vector);
  if (known !== undefined) {
    return known;
  }
  const sent = { header, storage: sharedStorage(storage) };
  SENT.set(vector, sent);
  return sent;
}
