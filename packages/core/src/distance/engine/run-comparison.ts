import { throwIfAborted } from '../../errors.js';
import { ProcessorShares } from '../../threads/processor-shares.js';
import { threadError } from '../../threads/thread-error.js';
import { received, type ThreadFailure } from '../../threads/thread-failure.js';
import { WorkerThreads } from '../../threads/worker-threads.js';
import type { ComparisonWork, ContentTask, PositionalTask } from './comparison.js';
import { stepsOf } from './comparison-thread.js';

/** Milliseconds between calls of `onProgress` while threads work. */
const PROGRESS_INTERVAL = 100;
/** Milliseconds after which this thread yields to the event loop. */
const TURN = 20;

type ComparisonThreads = WorkerThreads<PositionalTask | ContentTask, ThreadFailure | undefined>;

export interface RunOptions {
  /** Number of worker threads; 0 to work in this thread, which yields to the event loop now and then. */
  readonly threads: number;
  /** Called repeatedly during the work. */
  readonly onProgress: () => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs the tasks, one round after the other. When it throws, no thread is working any longer.
 *
 * @throws whatever reading the vectors and `onProgress` throw, `unavailable` if threads or memory are not available,
 *   and `aborted`.
 */
export async function runComparison(work: ComparisonWork, options: RunOptions): Promise<void> {
  throwIfAborted(options.signal);
  if (options.threads === 0) {
    await runHere(work, options);
  } else {
    await SHARES.run(options.threads, () => runInThreads(work, options), options.signal);
  }
}

/** Shares the processors among the comparisons of this process. Otherwise, each comparison would use all processors. */
const SHARES = new ProcessorShares();

async function runHere({ comparison, rounds }: ComparisonWork, { onProgress, signal }: RunOptions): Promise<void> {
  const steps = stepsOf(comparison);
  let turnEnds = performance.now() + TURN;
  for (const task of rounds.flat()) {
    for (const _step of steps(task)) {
      if (performance.now() < turnEnds) {
        continue;
      }
      await new Promise(setImmediate);
      throwIfAborted(signal);
      onProgress();
      turnEnds = performance.now() + TURN;
    }
  }
}

async function runInThreads(
  { comparison, rounds }: ComparisonWork,
  { threads, onProgress, signal }: RunOptions,
): Promise<void> {
  const workers: ComparisonThreads = new WorkerThreads(new URL('./comparison-worker.js', import.meta.url), threads, {
    data: comparison,
  });
  workers.prepare(threads);
  let failure: { readonly error: unknown } | undefined;
  const failed = (error: unknown): void => {
    failure ??= { error };
    stop();
  };
  const stop = (): void => void Atomics.store(comparison.stop, 0, 1);
  const timer = setInterval(() => attempt(onProgress, failed), PROGRESS_INTERVAL);
  signal?.addEventListener('abort', stop);
  try {
    for (const tasks of rounds) {
      await Promise.all(tasks.map((task) => runTask(workers, task).catch(failed)));
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    clearInterval(timer);
    await workers.close();
  }
  throwIfAborted(signal);
  if (failure) {
    throw failure.error;
  }
}

function attempt(call: () => void, failed: (error: unknown) => void): void {
  try {
    call();
  } catch (error) {
    failed(error);
  }
}

async function runTask(workers: ComparisonThreads, task: PositionalTask | ContentTask): Promise<void> {
  const failure = await workers.run(task).catch((thrown: unknown) => {
    throw threadError(thrown);
  });
  if (failure !== undefined) {
    throw received(failure);
  }
}
