import { Tally } from '../harness/tally.js';

/** What must not happen. */
const FAULTS = ['losses', 'orphans', 'leftovers', 'wrong results', 'hangs', 'changed inputs', 'missed kills'] as const;

export type CrashTally = Tally<(typeof FAULTS)[number]>;

export function newTally(): CrashTally {
  return new Tally(FAULTS);
}
