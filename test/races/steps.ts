import type { SeededRandom } from '../fixtures/seeded-random.js';
import type { Step } from './exchanger.js';

/**
 * Each list has the possible numbers of exchanges of one pair of names in a run. Each exchange is undone. After
 * a single exchange, the command runs undisturbed for the longest time. If there are few pairs, or if runs are long and
 * therefore few, the numbers are higher.
 */
export const TIMES = { manyPairs: [1, 1, 1, 2, 3, 5], fewPairs: [1, 2, 4, 8, 16], longRun: [4, 8, 16, 32] } as const;
/** Microseconds between the start of the command and an exchange that does not wait for an event. */
const START = { earliest: 100_000, latest: 400_000 };
/** Microseconds between an event and an exchange that waits for it, unless the exchange follows at once. */
const LAG = { shortest: 10, longest: 5_000 };
/**
 * Microseconds after which an exchange is undone, unless its undoing waits for an event. In the longest time, a tool can
 * just start.
 */
const DURATION = { shortest: 50, longest: 200_000 };

/**
 * Returns the steps of a pair of names in a run: an exchange, its undoing, the next exchange, and so on. From run to
 * run, the first exchange usually waits for about one more event, so that many runs together cover every event.
 *
 * @param events the largest number of events of a run so far
 * @param times the possible numbers of exchanges
 */
export function stepsOf(random: SeededRandom, run: number, events: number, times: readonly number[]): Step[] {
  const steps: Step[] = [];
  for (let left = random.oneOf(times); left > 0; left -= 1) {
    steps.push(steps.length === 0 ? first(random, run, events) : [1 + random.below(4), lag(random)], back(random));
  }
  return steps;
}

function first(random: SeededRandom, run: number, events: number): Step {
  if (random.below(6) === 0) {
    return [0, START.earliest + random.below(START.latest - START.earliest)];
  }
  return [1 + ((run + random.below(3)) % (events + 1)), lag(random)];
}

function back(random: SeededRandom): Step {
  return random.below(2) === 0
    ? [1 + random.below(3), lag(random)]
    : [0, logarithmic(random, DURATION.shortest, DURATION.longest)];
}

/** Returns a lag in microseconds, which is 0 in half of the cases. */
function lag(random: SeededRandom): number {
  return random.below(2) === 0 ? 0 : logarithmic(random, LAG.shortest, LAG.longest);
}

function logarithmic(random: SeededRandom, least: number, most: number): number {
  return Math.round(least * (most / least) ** random.fraction());
}
