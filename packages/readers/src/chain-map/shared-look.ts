/**
 * Looks at something on behalf of many, one look at a time. All who ask before a look begins share it; who asks while one
 * is taken shares the next: nobody is told how it was before he asked.
 */
export function sharedLook<T>(look: () => Promise<T>): () => Promise<T> {
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
