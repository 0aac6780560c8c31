import { Tally } from '../harness/tally.js';

/** The kinds of faults. The program fails if any fault occurs. */
const FAULTS = ['losses', 'orphans', 'leftovers', 'wrong results', 'hangs', 'changed inputs', 'missed kills'] as const;

export type CrashTally = Tally<(typeof FAULTS)[number]>;

export function newTally(): CrashTally {
  return new Tally(FAULTS);
}
