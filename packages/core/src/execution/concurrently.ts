/**
 * Runs `work` on every item, at most `limit` at a time, and yields each result when it is ready. If `work` rejects or
 * the consumer stops early, aborts the signal that all calls of `work` received, and waits until the running calls have
 * settled.
 *
 * @throws the reason of the first rejection.
 */
export async function* concurrently<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): AsyncGenerator<R> {
  const stop = new AbortController();
  const running = new Map<number, Promise<{ readonly index: number; readonly result: R }>>();
  let next = 0;
  const fill = (): void => {
    while (running.size < limit && next < items.length) {
      const index = next++;
      running.set(
        index,
        work(items[index]!, stop.signal).then((result) => ({ index, result })),
      );
    }
  };
  try {
    for (fill(); running.size > 0; fill()) {
      const { index, result } = await Promise.race(running.values());
      running.delete(index);
      yield result;
    }
  } finally {
    stop.abort();
    await Promise.allSettled(running.values());
  }
}
