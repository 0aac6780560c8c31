/**
 * Runs every case of the list of threats with every reader that it concerns, and prints a row for each and the totals.
 *
 *   npm run test:faults
 *   npm run test:faults -- --only 5-12,40 --readers raw,qemu
 *   npm run test:faults -- --list
 */
import { COMMAND } from '../fixtures/command.js';
import chooseLibguestfsBackend from '../fixtures/libguestfs-backend.js';
import { CASES, WAITING } from './cases/index.js';
import { type FaultOptions, readOptions, USAGE } from './harness/options.js';
import { rowOf, totalsOf } from './harness/report.js';
import { type CaseOutcome, runCase } from './harness/run-case.js';

async function runAll({ cases, readers, list }: FaultOptions): Promise<number> {
  if (list) {
    for (const { number, title, readers: concerned } of cases) {
      console.log(`${String(number).padStart(4)}  ${title}  (${concerned.join(', ')})`);
    }
    return 0;
  }
  chooseLibguestfsBackend();
  const outcomes: CaseOutcome[] = [];
  for (const fault of cases) {
    for (const reader of fault.readers.filter((name) => readers.includes(name))) {
      const outcome = await runCase(fault, reader, COMMAND);
      outcomes.push(outcome);
      console.log(rowOf(outcome));
    }
  }
  console.log(totalsOf(outcomes, CASES.length, WAITING));
  return outcomes.every(({ violations }) => violations.length === 0) ? 0 : 1;
}

try {
  process.exitCode = await runAll(readOptions(process.argv.slice(2), CASES));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\nusage: npm run ${USAGE}`);
  process.exitCode = 2;
}
