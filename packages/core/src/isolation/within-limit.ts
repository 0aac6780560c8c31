import { TimeLimitError } from '../threads/time-limit-error.js';
import { unlessAborted } from '../unless-aborted.js';
import type { IsolationLimits } from './isolated-thread.js';

/**
 * What the work gives. Throws `TimeLimitError` and `aborted` as soon as its time is over or the signal fires: the work is
 * then left to itself.
 */
export async function withinLimit<Result>(
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
