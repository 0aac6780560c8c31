import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { residentMemory } from '../harness/process-table.js';
import type { FoundByChild, FuzzTask } from './child.js';
import { ProgressFile } from './progress-file.js';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));
/** What an execution may take. */
export interface FuzzLimits {
  /** Milliseconds after which it has hung, unless its memory grows meanwhile: then it gets as many again. */
  readonly timeMs: number;
  /** A child takes so many milliseconds at most until its first execution: images have to be made. */
  readonly startMs: number;
  /** Resident bytes of the child that it is in. */
  readonly memory: number;
}

const LIMITS: FuzzLimits = { timeMs: 20_000, startMs: 120_000, memory: 1.5 * 2 ** 30 };
const LOOK_EVERY_MS = 200;
/** Growth counts from this fraction of the memory that is allowed, so that time is limited too. */
const GROWTH = 1 / 64;

/** What must not happen. */
export const FAULTS = ['crashes', 'hangs', 'beyond memory', 'wrong'] as const;

/** An execution that went wrong. */
export interface FuzzFinding {
  readonly kind: (typeof FAULTS)[number];
  readonly execution: number;
  readonly description: string;
}

/** What came of the executions of one target. */
interface TargetResult {
  readonly accepted: number;
  readonly rejected: number;
  readonly findings: readonly FuzzFinding[];
}

/**
 * Runs executions in child processes: one that hangs, uses too much memory or crashes is ended and noted, and the next
 * child goes on after it.
 */
export async function supervise(task: FuzzTask, limits: FuzzLimits = LIMITS): Promise<TargetResult> {
  const findings: FuzzFinding[] = [];
  const file = new ProgressFile(task.progress);
  let first = task.first;
  while (first < task.end) {
    const child = fork(CHILD, [JSON.stringify({ ...task, first })], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    const note = (kind: FuzzFinding['kind'], { execution, description }: FoundByChild) =>
      findings.push({ kind, execution, description });
    child.on('message', (message) => note('wrong', message as FoundByChild));
    const end = await endOf(child, file, limits);
    const { execution } = file.read();
    if (end === undefined && execution === task.end) {
      break;
    }
    const { kind, description, isBeforeFirst } = end ?? ENDED_EARLY;
    note(kind, { execution: Math.max(execution, first), description });
    // No child would come further.
    if (isBeforeFirst) {
      break;
    }
    first = Math.max(execution, first) + 1;
  }
  const { accepted, rejected } = file.read();
  file.close();
  return { accepted, rejected, findings };
}

/** Why a child ended before its work was done. */
interface EarlyEnd extends Pick<FuzzFinding, 'kind' | 'description'> {
  /** Whether it had begun no execution. */
  readonly isBeforeFirst: boolean;
}

/** A child that ends as if its work were done: what it was fed had it exit. */
const ENDED_EARLY: EarlyEnd = { kind: 'crashes', description: 'ended before its work was done', isBeforeFirst: false };

/** Waits for a child's end; nothing where its work was done. */
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
    const status = await Promise.race([exited, delay(LOOK_EVERY_MS, 'running' as const)]);
    if (status === 0) {
      return undefined;
    }
    const { since } = file.read();
    const isBeforeFirst = since < started;
    if (status !== 'running') {
      return { kind: 'crashes', description: `ended with ${status}: ${errors}`, isBeforeFirst };
    }
    const limit = isBeforeFirst ? limits.startMs : limits.timeMs;
    const memory = residentMemory(child.pid ?? 0).now;
    if (memory > peak + limits.memory * GROWTH) {
      peak = memory;
      grownAt = Date.now();
    }
    const excess =
      memory > limits.memory
        ? ({ kind: 'beyond memory', description: `used more than ${limits.memory} bytes` } as const)
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
