import { parseArgs } from 'node:util';

export const USAGE = `npm run bench -- [--quick] [--only NAME]… [--runs N] [--json FILE] [--document]

  --quick       use small inputs and two runs: checks that everything runs, but the times mean nothing
  --only NAME   run only the rows whose names begin with NAME; may be repeated
  --runs N      number of runs for each side of a row; default: 5
  --json FILE   write the results to FILE; default: bench/results.json
  --document    also write the table to docs/performance.md
  --list        print the names of the rows`;

/**
 * Parses the command line. Throws the errors of `parseArgs`, and an error if options contradict each other or `--runs`
 * is not a whole number of at least 1.
 */
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
    throw new Error('expected either --quick or --document: results of small inputs are not documented');
  }
  if (values.only.length > 0 && values.document) {
    throw new Error('expected either --only or --document: the documented table has all rows');
  }
  const runs = values.runs === undefined ? undefined : Number(values.runs);
  if (runs !== undefined && !(Number.isInteger(runs) && runs > 0)) {
    throw new Error('--runs: expected a whole number, at least 1');
  }
  return { ...values, runs };
}

/**
 * Returns the rows whose names begin with one of `names`, or all rows if there are no names. Throws if a name matches
 * no row.
 */
export function chosenRows(rows, names) {
  for (const name of names) {
    if (!rows.some((row) => row.name.startsWith(name))) {
      throw new Error(`no row matches ${name}; expected one of ${rows.map((row) => row.name).join(', ')}`);
    }
  }
  return names.length === 0 ? rows : rows.filter((row) => names.some((name) => row.name.startsWith(name)));
}
