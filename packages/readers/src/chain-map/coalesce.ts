/**
 * Coalesces concurrent calls; no caller gets a result that was obtained before it asked. Calls made before a look begins
 * share it; calls made during a look share the next one.
 */
export function coalesce<T>(look: () => Promise<T>): () => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  return () => {
    if (next === undefined) {
      next = last.then(() => {
        next = undefined;
        return look();
      });
      last = next.catch(() => undefined);
    }
    return next;
  };
}
