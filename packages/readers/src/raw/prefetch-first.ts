/**
 * An async iterator that prefetches its first item; call `return()` to discard it. An error of the prefetch is thrown by
 * the first call of `next()`.
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
