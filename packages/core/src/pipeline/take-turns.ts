/** Milliseconds for which the event loop may be kept. */
const TURN = 10;

let turnEnds = 0;

/**
 * Lets the event loop run if work without waiting has kept it for some 10 ms since it ran last, so that interruptions
 * and progress come through. To be called now and then by whoever does many things that take microseconds each.
 */
export async function takeTurns(): Promise<void> {
  if (performance.now() < turnEnds) return;
  await new Promise(setImmediate);
  turnEnds = performance.now() + TURN;
}
