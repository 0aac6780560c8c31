import { Tally } from '../harness/tally.js';

/** The kinds of faults. The program fails if any fault occurs. */
const KINDS = [
  /**
   * An output contains a secret, or a hash vector was read from a file that does not belong to the image, or contains
   * blocks of such a file.
   */
  'canary leaks',
  'wrong distances',
  /** A hash vector that does not match the files in its identity. */
  'false vectors',
  /** A file that is not a stated output was created, replaced or removed. */
  'foreign writes',
  'inputs changed',
  'leftovers',
  'orphans',
  'hangs',
  /** An exit code that no error of an image has, or a stack trace. */
  'unexpected ends',
  /** Fewer exchanges at a point than requested. */
  'missing exchanges',
] as const;

/** The title of the count of names that led to another file when they were opened. */
export const REDIRECTED = 'names that led to another file when they were opened';

export type Findings = Tally<(typeof KINDS)[number]>;

export function newFindings(): Findings {
  return new Tally(KINDS);
}
