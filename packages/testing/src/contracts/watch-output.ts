import { AsyncLocalStorage } from 'node:async_hooks';

const CONSOLE_METHODS = ['debug', 'dir', 'error', 'info', 'log', 'table', 'trace', 'warn'] as const;

/**
 * Captures what `work` prints, instead of printing it. Concurrent output of other code, such as the test runner, is
 * printed as usual.
 */
export async function watchOutput<Outcome>(
  work: () => Promise<Outcome>,
): Promise<{ outcome: Outcome; printed: string }> {
  const within = new AsyncLocalStorage<true>();
  const restorations: (() => void)[] = [];
  let printed = '';
  const watch = <Method extends string>(
    owner: Record<Method, (...given: never[]) => unknown>,
    method: Method,
  ): void => {
    const original = owner[method];
    const watched = (...given: unknown[]): unknown => {
      if (within.getStore() === undefined) {
        return Reflect.apply(original, owner, given);
      }
      printed += `${given[0]}`;
      for (const done of given.filter((each) => typeof each === 'function')) {
        process.nextTick(done);
      }
      return true;
    };
    owner[method] = watched as (typeof owner)[Method];
    restorations.push(() => {
      owner[method] = original;
    });
  };
  for (const stream of [process.stdout, process.stderr]) {
    watch(stream as unknown as Record<'write', () => unknown>, 'write');
  }
  for (const method of CONSOLE_METHODS) {
    watch(console as unknown as Record<typeof method, () => unknown>, method);
  }
  try {
    return { outcome: await within.run(true, work), printed };
  } finally {
    for (const restore of restorations) {
      restore();
    }
  }
}
