import { Tally } from '../harness/tally.js';
import type { CaseOutcome } from './run-case.js';
import type { ViolationKind } from './violation.js';

/** What the totals name; whatever else is wrong, the row of its case has. */
const KINDS = ['canary leaks', 'calls outside', 'hangs', 'orphans', 'leftovers', 'foreign writes'] as const;

/** Counts what came of every case with every reader, and prints it. */
export class FaultReport {
  readonly #total = new Tally<ViolationKind>(KINDS);
  /** Whether a case was right with every reader, by its number. */
  readonly #cases = new Map<number, boolean>();

  constructor() {
    this.#total.count('passed', 0);
    this.#total.count('failed', 0);
  }

  /** Prints one row for a case with one reader, and before it what was wrong. */
  add({ fault, reader, exits, milliseconds, violations }: CaseOutcome): void {
    const tally = new Tally<ViolationKind>(KINDS);
    for (const { kind, what } of violations) {
      tally.fault(kind, `${fault.number}, ${reader}`, what);
    }
    tally.count(tally.isClean ? 'passed' : 'failed');
    this.#cases.set(fault.number, tally.isClean && (this.#cases.get(fault.number) ?? true));
    this.#total.add(tally);
    console.log(
      tally.row([
        [String(fault.number).padStart(4), 4],
        [fault.title, 66],
        [reader, 10],
        [exits.join(' '), 8],
        [`${String(Math.round(milliseconds)).padStart(6)} ms`, 9],
      ]),
    );
  }

  get isClean(): boolean {
    return this.#total.isClean;
  }

  /** The sums over all rows, and how many of the cases that are built were run. */
  totals(built: number, waiting: readonly number[]): string {
    const right = [...this.#cases.values()].filter((isRight) => isRight).length;
    return [
      `${right} of ${built} cases right, ${this.#cases.size} run; not built yet: ${waiting.join(', ')}`,
      this.#total.totals(['passed', 'failed']),
    ].join('\n');
  }
}
