import { readFile, writeFile } from 'node:fs/promises';
import { growthPlot } from './growth-plot.mjs';
import { markdownTable, problemLines } from './table.mjs';

const DOCUMENT = 'docs/performance.md';
const PLOT = 'docs/growth.svg';
const BEGIN = '<!-- written by npm run bench -- --document -->';
const END = '<!-- end of what npm run bench writes -->';

/**
 * Writes the results between the markers in docs/performance.md, and the plot of the growth rows to docs/growth.svg.
 */
export async function writeDocument({ machine, results }) {
  const text = await readFile(DOCUMENT, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) {
    throw new Error(`expected the markers ${BEGIN} and ${END} in ${DOCUMENT}`);
  }
  const generated = [machineText(machine), markdownTable(results), ...problemLines(results)].join('\n\n');
  await writeFile(DOCUMENT, `${before}${BEGIN}\n\n${generated}\n\n${END}${after}`);
  const plot = growthPlot(results);
  if (plot !== undefined) {
    await writeFile(PLOT, plot);
  }
}

function machineText({ processor, cores, memory, kernel, system, node, peers, date }) {
  const hardware = `${date}, ${processor}, ${cores} cores, ${(memory / 2 ** 30).toFixed(0)} GiB of memory`;
  return `${hardware}, ${kernel}, ${system}, Node ${node}. ${peers.join('; ')}.`;
}
