/**
 * Waits for all reads, then rejects as the first of them that failed: the buffers that they fill are the caller's again
 * once this settles, however it does.
 */
export async function allSettled(reads: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(reads)) {
    if (outcome.status === 'rejected') {
      throw outcome.reason;
    }
  }
}
