import type { CaseOutcome } from './run-case.js';
import type { ViolationKind } from './violation.js';

/** One row for a case with one reader, and below it what was wrong. */
export function rowOf({ fault, reader, exits, milliseconds, violations }: CaseOutcome): string {
  const columns = [
    String(fault.number).padStart(4),
    fault.title.padEnd(66),
    reader.padEnd(10),
    exits.join(' ').padEnd(8),
    `${String(Math.round(milliseconds)).padStart(6)} ms`,
    violations.length === 0 ? 'ok' : 'FAIL',
  ];
  return [columns.join('  '), ...violations.map(({ kind, what }) => `        ${kind}: ${what}`)].join('\n');
}

/** The sums over all rows, and how many of the cases that are built were run. */
export function totalsOf(outcomes: readonly CaseOutcome[], built: number, waiting: readonly number[]): string {
  const failed = outcomes.filter(({ violations }) => violations.length > 0).length;
  const count = (kind: ViolationKind) =>
    outcomes.flatMap(({ violations }) => violations).filter((violation) => violation.kind === kind).length;
  const passed = outcomes.length - failed;
  const cases = new Map(outcomes.map(({ fault }) => [fault.number, true]));
  for (const { fault, violations } of outcomes) {
    if (violations.length > 0) {
      cases.set(fault.number, false);
    }
  }
  const right = [...cases.values()].filter((isRight) => isRight).length;
  return [
    `${right} of ${built} cases right, ${cases.size} run; not built yet: ${waiting.join(', ')}`,
    `${passed} passed, ${failed} failed, ${count('canary')} canary leaks, ${count('network')} calls outside, ` +
      `${count('hang')} hangs, ${count('orphan')} orphans, ${count('leftover')} leftovers, ` +
      `${count('write')} foreign writes`,
  ].join('\n');
}
