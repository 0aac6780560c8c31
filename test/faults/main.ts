import { COMMAND } from '../fixtures/command.js';
import chooseLibguestfsBackend from '../fixtures/libguestfs-backend.js';
import { inLanes } from '../harness/in-lanes.js';
import { flag, type Option, UsageError } from '../harness/options.js';
import { READERS, readersOption } from '../harness/readers.js';
import { runHarness } from '../harness/run-harness.js';
import { CASES } from './cases/index.js';
import { FaultReport } from './report.js';
import { runCase } from './run-case.js';

/** The number of cases that run at the same time. More than one, because many cases only wait. */
const LANES = 2;

/** Returns whether the case with this number is selected. */
type NumberTest = (number: number) => boolean;

const only: Option<NumberTest> = {
  placeholder: '5-12,40',
  description: 'only the cases with these numbers',
  read: (given) => {
    const ranges = given.at(-1)?.split(',').map(rangeOf) ?? [[0, Number.POSITIVE_INFINITY]];
    return (number) => ranges.some(([first, last]) => number >= first && number <= last);
  },
};

function rangeOf(text: string): readonly [first: number, last: number] {
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  if (first === undefined) {
    throw new UsageError(`expected numbers such as 5-12,40; found '${text}'`);
  }
  return [Number(first), Number(last)];
}

process.exitCode = await runHarness(
  {
    name: 'test:faults',
    purpose: 'Runs every case of hostile or broken inputs with every reader for which it is relevant.',
    options: { only, readers: readersOption, list: flag('lists the cases without running them') },
    run: async ({ only, readers = READERS, list }) => {
      const cases = CASES.filter(({ number }) => only(number));
      if (cases.length === 0) {
        throw new UsageError(`expected numbers of cases up to ${Math.max(...CASES.map(({ number }) => number))}`);
      }
      if (list) {
        for (const { number, title, readers: relevant } of cases) {
          console.log(`${String(number).padStart(4)}  ${title}  (${relevant.join(', ')})`);
        }
        return true;
      }
      chooseLibguestfsBackend();
      const report = new FaultReport();
      const rows = cases.flatMap((fault) =>
        readers.filter((reader) => fault.readers.includes(reader)).map((reader) => ({ fault, reader })),
      );
      await inLanes(LANES, rows, async ({ fault, reader }) => report.add(await runCase(fault, reader, COMMAND)));
      console.log(report.totals(CASES.length));
      return report.isClean;
    },
  },
  process.argv.slice(2),
);
