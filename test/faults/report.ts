import { Tally } from '../harness/tally.js';
import type { CaseOutcome } from './run-case.js';
import type { ViolationKind } from './violation.js';

/** The kinds of violations that the totals count. All other kinds are counted only in the rows of their cases. */
const KINDS = ['canary leaks', 'external calls', 'hangs', 'orphans', 'leftovers', 'foreign writes'] as const;

/** Prints the outcome of every case with every reader, and counts the outcomes. */
export class FaultReport {
  readonly #total = new Tally<ViolationKind>(KINDS);
  /** Whether each case passed with every reader, by its number. */
  readonly #cases = new Map<number, boolean>();

  constructor() {
    this.#total.count('passed', 0);
    this.#total.count('failed', 0);
  }

  /** Prints the violations of a case with one reader, then its row. */
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
        [fault.title, 74],
        [reader, 10],
        [exits.join(' '), 8],
        [`${String(Math.round(milliseconds)).padStart(6)} ms`, 9],
      ]),
    );
  }

  get isClean(): boolean {
    return this.#total.isClean;
  }

  /** Returns the totals of all rows. `implemented` is the number of all cases, whether or not they were run. */
  totals(implemented: number): string {
    const passed = [...this.#cases.values()].filter((hasPassed) => hasPassed).length;
    return [
      `${passed} of ${implemented} cases passed, ${this.#cases.size} run`,
      this.#total.totals(['passed', 'failed']),
    ].join('\n');
  }
}
