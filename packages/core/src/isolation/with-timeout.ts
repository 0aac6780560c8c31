import { TimeLimitError } from '../threads/time-limit-error.js';
import { unlessAborted } from '../unless-aborted.js';
import type { IsolationLimits } from './part-thread.js';

/**
 * Awaits work. Throws `TimeLimitError` at the time limit and `aborted` when the signal fires; the work itself is not
 * stopped.
 */
export async function withTimeout<Result>(
  work: Promise<Result>,
  { pluginTimeout, signal }: IsolationLimits,
): Promise<Result> {
  if (pluginTimeout === 0) return unlessAborted(work, signal);
  const milliseconds = pluginTimeout * 1000;
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeLimitError(milliseconds)), milliseconds);
  });
  try {
    return await unlessAborted(Promise.race([work, over]), signal);
  } finally {
    clearTimeout(timer);
  }
}
