/**
 * Waits until every read has settled. If any read failed, rejects with the error of the failed read that comes first in
 * the list. Once this settles, no read uses its buffer any longer.
 */
export async function allSettled(reads: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(reads)) {
    if (outcome.status === 'rejected') {
      throw outcome.reason;
    }
  }
}
