/**
 * Waits for all reads, then rejects with the error of the first that failed, in list order. Once this settles, no read
 * uses its buffer any longer.
 */
export async function allSettled(reads: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(reads)) {
    if (outcome.status === 'rejected') {
      throw outcome.reason;
    }
  }
}
