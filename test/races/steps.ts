import type { SeededRandom } from '../fixtures/seeded-random.js';
import type { Step } from './exchanger.js';

/**
 * How often a pair of names is exchanged and put back in a run. Once leaves the command most time between; more often
 * where there are few pairs, and where a run takes so long that there can be few runs.
 */
export const TIMES = { manyPairs: [1, 1, 1, 2, 3, 5], fewPairs: [1, 2, 4, 8, 16], longRun: [4, 8, 16, 32] } as const;
/** Microseconds between the start of the command and an exchange that waits for no event. */
const START = { earliest: 100_000, latest: 400_000 };
/** Microseconds between an event and an exchange. */
const LAG = { shortest: 10, longest: 5_000 };
/** Microseconds that an exchange lasts where it waits for no event: up to as long as a tool takes to start. */
const DURATION = { shortest: 50, longest: 200_000 };

/**
 * When two names are exchanged in a run. The first exchange comes at a later event with each run, so that every event is
 * hit in the course of the runs.
 *
 * @param events that a run caused at most so far
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

/** None as often as any. */
function lag(random: SeededRandom): number {
  return random.below(2) === 0 ? 0 : logarithmic(random, LAG.shortest, LAG.longest);
}

function logarithmic(random: SeededRandom, least: number, most: number): number {
  return Math.round(least * (most / least) ** random.fraction());
}
