import { unlessAborted } from '../unless-aborted.js';
import { TimeLimitError } from './time-limit-error.js';

/** The limits for one answer of a plugin. */
interface TimeLimits {
  /** Seconds; 0 for no limit. */
  readonly pluginTimeout: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for `work`.
 *
 * @throws `TimeLimitError` at the time limit, `aborted` when the signal fires, and whatever `work` throws. The work
 *   itself is not stopped.
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
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeLimitError(milliseconds)), milliseconds);
  });
  try {
    return await unlessAborted(Promise.race([work, timeout]), signal);
  } finally {
    clearTimeout(timer);
  }
}
