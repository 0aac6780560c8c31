import type { ReaderName } from '../faults/harness/fault-case.js';
import chooseLibguestfsBackend from '../fixtures/libguestfs-backend.js';
import { type RaceArguments, readArguments, USAGE } from './arguments.js';
import { Exchanger } from './exchanger.js';
import { Findings } from './findings.js';
import { POINTS } from './points/index.js';
import type { Point } from './points/point.js';
import { racePoint } from './race-point.js';

/** Commands that run at the same time. */
const LANES = 2;

interface Row {
  readonly point: Point;
  readonly reader: ReaderName;
}

async function main(words: readonly string[]): Promise<number> {
  const given = readArguments(words);
  const rows = rowsOf(given);
  if (given.list) {
    console.log(rows.map(({ point, reader }) => `${point.title}, ${reader}`).join('\n'));
    return 0;
  }
  chooseLibguestfsBackend();
  console.log(`seed ${given.seed}: ${given.exchanges} exchanges at each of ${rows.length} points`);
  const total = new Findings();
  await Promise.all(Array.from({ length: LANES }, () => runLane(rows, given, total)));
  const counts = ['runs', 'quiet runs', 'exchanges', 'hash vectors', 'distances'];
  const events = counts.map((event) => `${total.counted(event)} ${event}`);
  console.log([...events, total.summary('all')].join(', '));
  return total.isClean ? 0 : 1;
}

/** The slow ones first, so that they run beside each other and the rest. */
function rowsOf({ readers, only }: RaceArguments): Row[] {
  const rows = POINTS.filter(({ title }) => title.includes(only)).flatMap((point) =>
    point.readers.filter((reader) => readers.includes(reader)).map((reader) => ({ point, reader })),
  );
  if (rows.length === 0) {
    throw new Error(`there are no points '${only}' with ${readers.join(', ')}`);
  }
  const isSlow = ({ reader }: Row) => reader === 'libguestfs';
  return [...rows.filter(isSlow), ...rows.filter((row) => !isSlow(row))];
}

/** Takes rows off the list until none is left. */
async function runLane(rows: Row[], given: RaceArguments, total: Findings): Promise<void> {
  const exchanger = new Exchanger();
  try {
    for (let row = rows.shift(); row !== undefined; row = rows.shift()) {
      const { seed, exchanges, command } = given;
      const findings = await racePoint(row.point, { reader: row.reader, seed, exchanges, command }, exchanger);
      total.add(findings);
      console.log(lineOf(row, findings));
    }
  } finally {
    exchanger.close();
  }
}

function lineOf({ point, reader }: Row, findings: Findings): string {
  const exits = [0, 3, 4, 5, 6].map((code) => `${findings.counted(`exit ${code}`)}×${code}`).join(' ');
  const counts = `${findings.counted('runs')} runs, ${findings.counted('exchanges')} exchanges`;
  const led = findings.counted('names that led elsewhere when they were opened');
  const verdict = findings.isClean ? 'ok' : `FAIL: ${findings.summary('found')}`;
  return `${point.title.padEnd(74)} ${reader.padEnd(10)}  ${counts}, exits ${exits}, ${led} led elsewhere  ${verdict}`;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (thrown) {
  console.error(`test:races: ${thrown instanceof Error ? thrown.message : thrown}\n\n${USAGE}`);
  process.exitCode = 2;
}
