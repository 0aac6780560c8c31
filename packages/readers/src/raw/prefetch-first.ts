/**
 * Returns an async iterator that prefetches its first item. Call `return()` to discard the item. The first call of
 * `next()` rejects if the prefetch failed.
 */
export function prefetchFirst<T>(sequence: AsyncGenerator<T, void>): Required<AsyncIterableIterator<T, void>> {
  let first: Promise<IteratorResult<T, void>> | undefined = sequence.next();
  first.catch(() => {});
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next() {
      const next = first ?? sequence.next();
      first = undefined;
      return next;
    },
    return: () => sequence.return(),
    throw: (reason) => sequence.throw(reason),
  };
}
