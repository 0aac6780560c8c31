import { COMMAND } from '../fixtures/command.js';
import chooseLibguestfsBackend from '../fixtures/libguestfs-backend.js';
import { inLanes } from '../harness/in-lanes.js';
import { flag, type Option, seed, text, UsageError, wholeNumber } from '../harness/options.js';
import { READERS, type ReaderName, readersOption } from '../harness/readers.js';
import { runHarness } from '../harness/run-harness.js';
import { Exchanger } from './exchanger.js';
import { type Findings, newFindings, REDIRECTED } from './findings.js';
import { POINTS } from './points/index.js';
import type { Point } from './points/point.js';
import { racePoint } from './race-point.js';

/** The number of commands that run at the same time. */
const LANES = 2;
const EXCHANGES = { full: 1000, quick: 20 };
const QUICK_READERS: readonly ReaderName[] = ['auto'];

interface Row {
  readonly point: Point;
  readonly reader: ReaderName;
}

const command: Option<readonly string[]> = {
  placeholder: "'node main.js'",
  description: 'the command under test (default: the built command)',
  read: (given) => {
    const words =
      given
        .at(-1)
        ?.split(/\s+/)
        .filter((word) => word !== '') ?? COMMAND;
    if (words.length === 0) {
      throw new UsageError('expected a command, found none');
    }
    return words;
  },
};

/** Returns the selected rows, slow rows first, so that these run in parallel with each other and the rest. */
function rowsOf(only: string, readers: readonly ReaderName[]): Row[] {
  const rows = POINTS.filter(({ title }) => title.includes(only)).flatMap((point) =>
    point.readers.filter((reader) => readers.includes(reader)).map((reader) => ({ point, reader })),
  );
  if (rows.length === 0) {
    throw new UsageError(`found no point '${only}' with the readers ${readers.join(', ')}; --list lists all points`);
  }
  const isSlow = ({ reader }: Row) => reader === 'libguestfs';
  return [...rows.filter(isSlow), ...rows.filter((row) => !isSlow(row))];
}

function rowText({ point, reader }: Row, findings: Findings): string {
  const exits = [0, 3, 4, 5, 6].map((code) => `${findings.counted(`exit ${code}`)}×${code}`).join(' ');
  const counts = `${findings.counted('runs')} runs, ${findings.counted('exchanges')} exchanges`;
  const redirected = findings.counted(REDIRECTED);
  return findings.row([
    [point.title, 74],
    [reader, 10],
    [`${counts}, exits ${exits}, ${redirected} redirected`, 0],
  ]);
}

process.exitCode = await runHarness(
  {
    name: 'test:races',
    purpose: 'Exchanges files, links and directories while the command opens and writes them.',
    options: {
      quick: flag(`${EXCHANGES.quick} exchanges, with the default reader only, in under a minute`),
      seed: seed('the random times'),
      exchanges: wholeNumber(`number of exchanges at each point with each reader (default: ${EXCHANGES.full})`),
      only: text('TEXT', 'only points whose titles contain TEXT'),
      readers: readersOption,
      command,
      list: flag('lists the points without running them'),
    },
    run: async ({ quick, seed, only = '', list, command, ...given }) => {
      const { exchanges = quick ? EXCHANGES.quick : EXCHANGES.full, readers = quick ? QUICK_READERS : READERS } = given;
      const rows = rowsOf(only, readers);
      if (list) {
        console.log(rows.map(({ point, reader }) => `${point.title}, ${reader}`).join('\n'));
        return true;
      }
      chooseLibguestfsBackend();
      console.log(`seed ${seed}: ${exchanges} exchanges at each of ${rows.length} points`);
      const total = newFindings();
      await inLanes(LANES, rows, async (row) => {
        const exchanger = new Exchanger();
        try {
          const findings = await racePoint(row.point, { reader: row.reader, seed, exchanges, command }, exchanger);
          total.add(findings);
          console.log(rowText(row, findings));
        } finally {
          exchanger.close();
        }
      });
      console.log(total.totals(['runs', 'quiet runs', 'exchanges', 'hash vectors', 'distances']));
      return total.isClean;
    },
  },
  process.argv.slice(2),
);
