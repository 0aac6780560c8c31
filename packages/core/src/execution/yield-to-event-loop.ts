/** Milliseconds for which the event loop may be blocked. */
const TURN = 10;

let turnEnds = 0;

/**
 * Lets the event loop run if it has been blocked for about 10 ms, so that signals and progress are handled. Call it between
 * steps of long work whose steps take microseconds each.
 */
export async function yieldToEventLoop(): Promise<void> {
  if (performance.now() < turnEnds) return;
  await new Promise(setImmediate);
  turnEnds = performance.now() + TURN;
}
