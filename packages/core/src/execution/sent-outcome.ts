import type { LocatedVector } from '../contracts/hash-vector.js';
import type { HashOutcome } from '../contracts/stages.js';
import { locatedVector } from '../distance/engine/stored-vectors.js';
import { received, sendable, type ThreadFailure } from '../threads/thread-failure.js';
import { hashVectorAt } from '../vectors/read-hash-vector.js';

/** An outcome as plain data that supports structured cloning, for an executor that hashes elsewhere. */
export type SentOutcome =
  | { readonly path: string; readonly vector: LocatedVector; readonly cached: boolean; readonly error?: undefined }
  | { readonly path: string; readonly error: ThreadFailure; readonly vector?: undefined; readonly cached?: undefined };

/**
 * Converts an outcome for sending. If the vector has no `storage`, its rows are read into memory.
 *
 * @throws what reading the rows throws.
 */
export async function sentOutcome(outcome: HashOutcome): Promise<SentOutcome> {
  const { path } = outcome;
  if (outcome.error !== undefined) {
    return { path, error: sendable(outcome.error) };
  }
  return { path, vector: await locatedVector(outcome.vector, undefined), cached: outcome.cached };
}

/**
 * Restores an outcome that was sent.
 *
 * @throws as `hashVectorAt`.
 */
export function receivedOutcome(sent: SentOutcome): HashOutcome {
  const { path } = sent;
  if (sent.error !== undefined) {
    return { path, error: received(sent.error) };
  }
  return { path, vector: hashVectorAt(sent.vector), cached: sent.cached };
}
