import { goalText } from './row.mjs';

/** The greatest number of characters of a problem that are shown. */
const PROBLEM_LENGTH = 600;

const HEADINGS = ['row', 'ours', 'against', 'peer', 'ratio', 'goal', 'met', 'load', 'peak memory'];

/** Returns the cells for a result of `runRow`. */
function cellsOf(result) {
  const { title, against, goal, unit } = result;
  if (result.failure !== undefined) {
    return [title, 'failed', against, '', '', goalText(goal), 'no', '', ''];
  }
  if (result.missing !== undefined) {
    return [title, '', against, 'missing', '', goalText(goal), '', '', ''];
  }
  const peak = result.ours.peakBytes === undefined ? '' : `${(result.ours.peakBytes / 2 ** 20).toFixed(0)} MiB`;
  return [
    title,
    sampleText(result.ours, unit),
    against,
    sampleText(result.peer, unit),
    threeDigits(result.ratio),
    goalText(goal),
    result.met ? 'yes' : 'no',
    result.load.toFixed(1),
    peak,
  ];
}

/** Formats the results as lines for a terminal. */
export function textTable(results) {
  return aligned([HEADINGS, ...results.map(cellsOf)])
    .map((cells) => cells.join('  ').trimEnd())
    .join('\n');
}

/** Formats the results as a Markdown table. */
export function markdownTable(results) {
  const escaped = results.map((result) => cellsOf(result).map((cell) => cell.replaceAll('|', '\\|')));
  const [headings, ...rows] = aligned([HEADINGS, ...escaped]);
  const rule = headings.map((heading) => '-'.repeat(heading.length));
  return [headings, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Pads the cells of each column to the same length. */
function aligned(rows) {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  return rows.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column])));
}

/** Returns one line for each row that could not be measured, with the reason. */
export function problemLines(results) {
  return results.flatMap(({ name, missing, failure }) => {
    const problem = missing ?? failure;
    return problem === undefined ? [] : [`${name}: ${problem.replace(/\s+/g, ' ').slice(0, PROBLEM_LENGTH)}`];
  });
}

function sampleText({ seconds, amount }, unit) {
  const time = seconds < 0.1 ? `${threeDigits(seconds * 1000)} ms` : `${threeDigits(seconds)} s`;
  if (unit === 'bytes') {
    return `${time}, ${(amount / seconds / 1e9).toFixed(2)} GB/s`;
  }
  if (unit === 'comparisons') {
    return `${time}, ${threeDigits(amount / seconds / 1e9)}·10⁹/s`;
  }
  return time;
}

/**
 * Formats three significant digits; from 100 on a whole number, because `toPrecision` writes exponents from 1,000 on.
 */
function threeDigits(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
