import { parseArgs } from 'node:util';

export const USAGE = `npm run bench -- [--quick] [--only NAME]… [--runs N] [--json FILE] [--document]

  --quick       small inputs, two runs of each, no times to be taken seriously: shows that everything runs
  --only NAME   this row, or those whose names begin so; may be repeated
  --runs N      of each side of a row; by default 5
  --json FILE   where the results are written; by default bench/results.json
  --document    writes the table into docs/performance.md too
  --list        prints the names of the rows`;

/** The command line's options. Throws what `parseArgs` throws, and where options contradict each other. */
export function readArguments(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      runs: { type: 'string' },
      json: { type: 'string', default: 'bench/results.json' },
      document: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.quick && values.document) {
    throw new Error('expected --quick or --document: small inputs prove nothing');
  }
  if (values.only.length > 0 && values.document) {
    throw new Error('expected --only or --document: the table there is of all rows');
  }
  const runs = values.runs === undefined ? undefined : Number(values.runs);
  if (runs !== undefined && !(Number.isInteger(runs) && runs > 0)) {
    throw new Error('--runs: expected a number from 1 on');
  }
  return { ...values, runs };
}

/** The rows that were asked for: all, unless some were named. Throws where a name fits none. */
export function chosenRows(rows, names) {
  for (const name of names) {
    if (!rows.some((row) => row.name.startsWith(name))) {
      throw new Error(`no row is named ${name}; expected one of ${rows.map((row) => row.name).join(', ')}`);
    }
  }
  return names.length === 0 ? rows : rows.filter((row) => names.some((name) => row.name.startsWith(name)));
}
