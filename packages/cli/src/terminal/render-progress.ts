import { basename } from 'node:path';
import { terminalText } from '@virt-similarity/core/reporting';
import { shortened, type WidthOf } from '@virt-similarity/reporters';
import type { ProgressState } from './progress-state.js';
import { formatBytes, formatCount, formatDuration } from './quantities.js';

const SHORTEST_BAR = 10;
const LONGEST_BAR = 40;

/** The most images that are shown with separate bars. */
const MOST_IMAGES = 4;
const WIDEST_NAME = 30;

/** The terminal that lines are rendered for. */
export interface TerminalColumns {
  /** The number of columns. */
  readonly width: number;
  readonly widthOf: WidthOf;
}

/**
 * Renders the status lines of a run at the time `now` (milliseconds). The first line is for the run. While images are
 * hashed, it has a bar if there is room, and the bytes, rate and remaining time as far as they are known. If several
 * images are being read, a line follows for each of the first four images, and a line with the number of the others.
 * Each line has fewer than `width` columns, so that the cursor does not wrap.
 */
export function renderProgress(state: ProgressState, terminal: TerminalColumns, now: number): string[] {
  if (state.stage === 'clustering') {
    return [`clustering ${formatCount(state.images, 'image')}`.slice(0, terminal.width - 1)];
  }
  if (state.stage === 'comparing') {
    return [barLine('comparing ', state.compared, ` ${Math.floor(state.compared * 100)} %`, terminal)];
  }
  const head = `hashing ${state.finished}/${state.images} `;
  const whole = barLine(head, fractionRead(state), describeReading(state, now), terminal);
  return state.active.size < 2 ? [whole] : [whole, ...imageLines(state.active, terminal)];
}

function imageLines(active: ProgressState['active'], terminal: TerminalColumns): string[] {
  const { width, widthOf } = terminal;
  const images = [...active];
  const room = Math.max(1, Math.min(WIDEST_NAME, width - 3));
  const names = images.slice(0, MOST_IMAGES).map(([path]) => shortened(terminalText(basename(path)), room, widthOf));
  const column = Math.max(...names.map(widthOf));
  const lines = names.map((name, index) => {
    const { bytes, bytesDone } = images[index]![1];
    const padding = ' '.repeat(column - widthOf(name) + 1);
    const tail = ` ${formatBytes(bytesDone)} of ${formatBytes(bytes)}`;
    return barLine(`  ${name}${padding}`, bytes === 0 ? 0 : bytesDone / bytes, tail, terminal);
  });
  const others = images.length - names.length;
  return others === 0 ? lines : [...lines, `  and ${formatCount(others, 'other image')}`.slice(0, width - 1)];
}

/** Returns a line of at most `width` − 1 columns, with a bar in the middle if there is room. */
function barLine(head: string, fraction: number, tail: string, { width, widthOf }: TerminalColumns): string {
  const room = width - 1 - widthOf(head) - tail.length - '[]'.length;
  const bar = room < SHORTEST_BAR ? '' : drawBar(fraction, Math.min(room, LONGEST_BAR));
  return cut(`${head}${bar}${tail}`, width - 1, widthOf);
}

/** Cuts off the end of a line so that it has at most `width` columns. */
function cut(line: string, width: number, widthOf: WidthOf): string {
  let fitting = line;
  while (widthOf(fitting) > width) {
    fitting = fitting.slice(0, -1);
  }
  return fitting;
}

function drawBar(fraction: number, length: number): string {
  const filled = Math.round(Math.min(1, fraction) * length);
  return `[${'#'.repeat(filled)}${'-'.repeat(length - filled)}]`;
}

/**
 * Estimates the total number of bytes to read. The estimate is never below the number of bytes already read, because a
 * compressed disk can have more bytes than were announced. An image that is not started yet counts as the average of
 * the started images.
 */
function estimatedBytes(state: ProgressState): number {
  const toRead = Math.max(state.images - state.cached, state.started);
  return state.started === 0 ? 0 : Math.max(state.bytesDone, (state.bytes / state.started) * toRead);
}

function fractionRead(state: ProgressState): number {
  const bytes = estimatedBytes(state);
  return bytes === 0 ? state.finished / Math.max(1, state.images) : state.bytesDone / bytes;
}

function describeReading(state: ProgressState, now: number): string {
  const total = estimatedBytes(state);
  const elapsed = state.startedAt === undefined ? 0 : now - state.startedAt;
  if (state.bytesDone === 0 || elapsed <= 0) {
    return total === 0 ? '' : ` ${formatBytes(total)}`;
  }
  const rate = state.bytesDone / elapsed;
  const remaining = Math.max(0, total - state.bytesDone) / rate;
  const amount = `${formatBytes(state.bytesDone)} of ${formatBytes(total)}`;
  return ` ${amount}, ${formatBytes(rate * 1000)}/s, ${formatDuration(remaining)} left`;
}
