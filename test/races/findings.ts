import { Tally } from '../harness/tally.js';

/** What must not happen. */
const KINDS = [
  /** A secret, or a block of a file that the image does not consist of, in what was written. */
  'canary leaks',
  'wrong distances',
  /** A hash vector that is not that of the files which it says it was made from. */
  'false vectors',
  /** A file that was created or replaced without being a stated output. */
  'foreign writes',
  'inputs changed',
  'leftovers',
  'orphans',
  'hangs',
  /** Another exit code than the errors of an image have, or a stack trace. */
  'unexpected ends',
  /** Fewer exchanges at a point than were asked for. */
  'missing exchanges',
] as const;

export type Findings = Tally<(typeof KINDS)[number]>;

export function newFindings(): Findings {
  return new Tally(KINDS);
}
