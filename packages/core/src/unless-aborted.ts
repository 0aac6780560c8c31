import { setMaxListeners } from 'node:events';
import { throwIfAborted } from './errors.js';

/**
 * What `work` gives, or `aborted` as soon as the signal fires. The work is then left to itself: for what ends when
 * something else is closed, and needs nobody to take its result or failure.
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) {
    return work;
  }
  let onAbort = (): void => {};
  // As many as there is work at a time; each goes when its work is done.
  setMaxListeners(0, signal);
  const aborted = new Promise<void>((resolve) => {
    onAbort = resolve;
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) {
      resolve();
    }
  });
  try {
    return await Promise.race([work, aborted.then(() => throwIfAborted(signal) as never)]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
