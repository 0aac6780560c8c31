/** Measures every stage against the usual alternative; `npm run bench -- --help` lists the options. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chosenRows, readArguments, USAGE } from './arguments.mjs';
import { writeDocument } from './document.mjs';
import { openDataDirectory } from './inputs/data-directory.mjs';
import { describeMachine } from './machine.mjs';
import { ROWS } from './rows/index.mjs';
import { runRow } from './run-row.mjs';
import { FULL, QUICK } from './sizes.mjs';
import { problemLines, textTable } from './table.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

async function main(options) {
  if (options.help || options.list) {
    console.log(options.help ? USAGE : ROWS.map(({ name }) => name).join('\n'));
    return 0;
  }
  const rows = chosenRows(ROWS, options.only);
  const chosen = options.quick ? QUICK : FULL;
  const sizes = { ...chosen, runs: options.runs ?? chosen.runs };
  const context = { sizes, data: await openDataDirectory(sizes) };
  const report = { machine: describeMachine(), sizes, results: [] };
  for (const row of rows) {
    const result = await runRow(row, context, (run, runs) => console.error(`${row.name}: run ${run} of ${runs}`));
    report.results.push(result);
    // Written after every row, so that an interrupted run keeps its results.
    await writeFile(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
    console.error(textTable([result]));
  }
  const { results } = report;
  if (options.document) {
    await writeDocument(report);
  }
  if (options.quick) {
    console.log('small inputs: everything runs, but the times mean nothing');
  }
  console.log([textTable(results), ...problemLines(results)].join('\n'));
  return results.some(({ failure }) => failure !== undefined) ? 1 : 0;
}

try {
  process.exitCode = await main(readArguments(process.argv.slice(2)));
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  process.exitCode = 2;
}
