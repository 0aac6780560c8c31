import { setMaxListeners } from 'node:events';
import { throwIfAborted } from './errors.js';

/**
 * Awaits `work` until the signal fires. The work itself is not stopped, and its later result or failure is ignored. So
 * use this only for work that then soon ends for another reason, for example because its image is closed.
 *
 * @throws what `work` throws, and `aborted` if the signal fires first.
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) {
    return work;
  }
  let onAbort = (): void => {};
  // Many calls can wait at the same time; each removes its listener when it settles.
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
