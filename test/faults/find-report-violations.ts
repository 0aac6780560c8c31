import type { CommandEnd } from '../harness/command-run.js';
import { readReport } from '../harness/json-report.js';
import { GOOD_IMAGES } from './stage.js';
import type { Violation } from './violation.js';

/** The exit code of a run on one image that fails with an error of this code. */
const EXITS: Readonly<Record<string, number>> = {
  plugin: 3,
  refused: 4,
  corrupt: 5,
  unreadable: 5,
  'in-use': 6,
  changed: 6,
  unavailable: 7,
};

/**
 * Returns the violations in the report of a run that includes the good images.
 *
 * @param alone the exit code that a run on each failing image alone would have; 0 if the failing images differ in it
 */
export function violationsOfReport(end: CommandEnd, alone: number): Violation[] {
  const report = readReport(end);
  if (report === undefined) {
    return [{ kind: 'report', what: 'the good images are not reported' }];
  }
  const found: Violation[] = [];
  const [first, second] = report.images.map(({ path }) => path);
  const distance = report.distances[0];
  if (first !== GOOD_IMAGES[0] || second !== GOOD_IMAGES[1] || distance !== 1) {
    found.push({ kind: 'report', what: `the good images are reported as ${first}, ${second}, distance ${distance}` });
  }
  for (const { path, code } of report.failures) {
    if (alone !== 0 && EXITS[code] !== alone) {
      found.push({ kind: 'exit', what: `expected a code of exit ${alone} for ${path}, found ${code}` });
    }
  }
  return found;
}
