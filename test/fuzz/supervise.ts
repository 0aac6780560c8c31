import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { residentMemory } from '../harness/process-table.js';
import type { FoundByChild, FuzzTask } from './child.js';
import { ProgressFile } from './progress-file.js';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));
/** The limits of an execution. */
export interface FuzzLimits {
  /**
   * Milliseconds after which an execution counts as hung. The time starts again whenever the memory of the child grows.
   */
  readonly timeMs: number;
  /** The most milliseconds until a child's first execution. Before it, some targets create images. */
  readonly startMs: number;
  /** The most resident bytes of the child process. */
  readonly memory: number;
}

const LIMITS: FuzzLimits = { timeMs: 20_000, startMs: 120_000, memory: 1.5 * 2 ** 30 };
const POLL_INTERVAL_MS = 200;
/**
 * Smaller growth, as a fraction of the memory limit, does not restart the time, so that the total time is limited too.
 */
const GROWTH = 1 / 64;

/** The kinds of faults. The program fails if any fault occurs. */
export const FAULTS = ['crashes', 'hangs', 'over the memory limit', 'wrong results'] as const;

/** An execution that went wrong. */
export interface FuzzFinding {
  readonly kind: (typeof FAULTS)[number];
  readonly execution: number;
  readonly description: string;
}

/** The results of the executions of one target. */
interface TargetResult {
  readonly accepted: number;
  readonly rejected: number;
  readonly findings: readonly FuzzFinding[];
}

/**
 * Runs executions in child processes. If an execution hangs, crashes or uses too much memory, its child ends, the fault
 * is recorded, and a new child continues with the next execution.
 */
export async function supervise(task: FuzzTask, limits: FuzzLimits = LIMITS): Promise<TargetResult> {
  const findings: FuzzFinding[] = [];
  const file = new ProgressFile(task.progress);
  let first = task.first;
  while (first < task.end) {
    const child = fork(CHILD, [JSON.stringify({ ...task, first })], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    const note = (kind: FuzzFinding['kind'], { execution, description }: FoundByChild) =>
      findings.push({ kind, execution, description });
    child.on('message', (message) => note('wrong results', message as FoundByChild));
    const end = await endOf(child, file, limits);
    const { execution } = file.read();
    if (end === undefined && execution === task.end) {
      break;
    }
    const { kind, description, isBeforeFirst } = end ?? ENDED_EARLY;
    note(kind, { execution: Math.max(execution, first), description });
    // Every other child would fail at the same point.
    if (isBeforeFirst) {
      break;
    }
    first = Math.max(execution, first) + 1;
  }
  const { accepted, rejected } = file.read();
  file.close();
  return { accepted, rejected, findings };
}

/** Why a child exited before its work was done. */
interface EarlyEnd extends Pick<FuzzFinding, 'kind' | 'description'> {
  /** Whether the child exited before its first execution. */
  readonly isBeforeFirst: boolean;
}

/** A child that exits with status 0 although its work is not done: its input made it exit. */
const ENDED_EARLY: EarlyEnd = { kind: 'crashes', description: 'exited before its work was done', isBeforeFirst: false };

/** Waits until a child exits, and kills it if it exceeds a limit. Returns `undefined` if its exit status is 0. */
async function endOf(child: ChildProcess, file: ProgressFile, limits: FuzzLimits): Promise<EarlyEnd | undefined> {
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    errors = (errors + text).slice(-2000);
  });
  const started = Date.now();
  let peak = 0;
  let grownAt = started;
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.on('exit', (code, signal) => resolve(signal ?? code));
  });
  for (;;) {
    const status = await Promise.race([exited, delay(POLL_INTERVAL_MS, 'running' as const)]);
    if (status === 0) {
      return undefined;
    }
    const { since } = file.read();
    const isBeforeFirst = since < started;
    if (status !== 'running') {
      return { kind: 'crashes', description: `exited with ${status}: ${errors}`, isBeforeFirst };
    }
    const limit = isBeforeFirst ? limits.startMs : limits.timeMs;
    const memory = residentMemory(child.pid ?? 0).now;
    if (memory > peak + limits.memory * GROWTH) {
      peak = memory;
      grownAt = Date.now();
    }
    const excess =
      memory > limits.memory
        ? ({ kind: 'over the memory limit', description: `used more than ${limits.memory} bytes` } as const)
        : Date.now() - Math.max(since, started, grownAt) > limit
          ? ({ kind: 'hangs', description: `took longer than ${limit} ms` } as const)
          : undefined;
    if (excess !== undefined) {
      child.kill('SIGKILL');
      await exited;
      return { ...excess, isBeforeFirst };
    }
  }
}
