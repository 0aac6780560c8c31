import { unlessAborted } from '../unless-aborted.js';
import { TimeLimitError } from './time-limit-error.js';

/** What bounds one answer of a plugin. */
interface TimeLimits {
  /** Seconds; 0 for no limit. */
  readonly pluginTimeout: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Awaits work.
 *
 * @throws `TimeLimitError` at the time limit and `aborted` when the signal fires; the work itself is not stopped.
 */
export async function withTimeout<Result>(
  work: Promise<Result>,
  { pluginTimeout, signal }: TimeLimits,
): Promise<Result> {
  if (pluginTimeout === 0) {
    return unlessAborted(work, signal);
  }
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
