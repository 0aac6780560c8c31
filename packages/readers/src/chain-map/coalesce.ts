/**
 * Coalesces concurrent calls of `operation`. No caller gets a result that was obtained before it asked: calls made
 * before the operation starts share its result, and calls made while it runs share the result of the next run.
 */
export function coalesce<T>(operation: () => Promise<T>): () => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  return () => {
    if (next === undefined) {
      next = last.then(() => {
        next = undefined;
        return operation();
      });
      last = next.catch(() => undefined);
    }
    return next;
  };
}
