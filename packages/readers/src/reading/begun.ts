/**
 * A sequence whose first element is made already, before anybody asks for it. What goes wrong with that is thrown when it
 * is asked for. Who does not want it calls `return`.
 */
export function begun<T>(sequence: AsyncGenerator<T, void>): Required<AsyncIterableIterator<T, void>> {
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
