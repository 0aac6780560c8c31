import type { ProgressState } from './progress-state.js';
import { formatBytes, formatCount, formatDuration } from './quantities.js';

const SHORTEST_BAR = 10;
const LONGEST_BAR = 40;

/**
 * Renders the status line of a run at the time `now` (milliseconds): a bar, bytes, rate and remaining time. The line
 * has fewer than `width` characters, so that the cursor does not wrap.
 */
export function renderProgress(state: ProgressState, width: number, now: number): string {
  if (state.stage === 'clustering') {
    return `clustering ${formatCount(state.images, 'image')}`.slice(0, width - 1);
  }
  const [head, fraction, tail] =
    state.stage === 'comparing'
      ? ['comparing ', state.compared, ` ${Math.floor(state.compared * 100)} %`]
      : [`hashing ${state.finished}/${state.images} `, fractionRead(state), describeReading(state, now)];
  const room = width - 1 - head.length - tail.length - '[]'.length;
  const bar = room < SHORTEST_BAR ? '' : drawBar(fraction, Math.min(room, LONGEST_BAR));
  return `${head}${bar}${tail}`.slice(0, width - 1);
}

function drawBar(fraction: number, length: number): string {
  const filled = Math.round(Math.min(1, fraction) * length);
  return `[${'#'.repeat(filled)}${'-'.repeat(length - filled)}]`;
}

/**
 * Estimates the total bytes to read. Images that are not started yet count as the average of the started ones. A
 * compressed disk may have more bytes than were announced.
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
