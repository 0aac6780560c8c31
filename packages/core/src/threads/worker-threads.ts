import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Logger } from '../contracts/plugin.js';
import { exhaustionRemedy, messageOf, throwIfAborted, VirtSimilarityError } from '../errors.js';
import { requireModuleFile } from '../files/module-file.js';
import { type Answered, LOADED } from './answer-tasks.js';
import { threadError } from './thread-error.js';
import { TimeLimitError } from './time-limit-error.js';

/**
 * Milliseconds that a thread may continue after it was asked to end: an interrupted run should end within a second.
 */
const GRACE_MS = 400;
/**
 * The same for a thread that is still loading its modules: if a thread is terminated while it loads, the files of the
 * modules stay open (Node.js 20).
 */
const LOADING_GRACE_MS = 2000;
/**
 * The most tasks that are posted to a thread at a time, so that the thread need not wait for the main thread between
 * tasks.
 */
const TASKS_AHEAD = 2;

/** Threads inherit the options of Node.js, but refuse `--input-type`, which is only for `node --eval`. */
const OPTIONS = process.execArgv.some((option) => option.startsWith('--input-type')) ? { execArgv: [] } : {};

interface Waiting<Task, Answer> {
  /** Identifies the task's answer among the thread's messages. */
  readonly number: number;
  readonly task: Task;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
}

interface Thread<Task, Answer> {
  readonly worker: Worker;
  readonly ended: Promise<unknown>;
  /** The tasks that the thread has not answered yet, in the order in which it will answer them. */
  readonly tasks: Waiting<Task, Answer>[];
  /** Whether the thread has loaded its modules. */
  isReady: boolean;
  /** Ends the thread if its first task takes too long. */
  timer: NodeJS.Timeout | undefined;
}

export interface WorkerThreadsOptions {
  /** The `workerData` of the module. */
  readonly data?: unknown | undefined;
  /**
   * Milliseconds that a thread has for each task. If a thread is still starting, the time of its first task includes
   * the rest of the start. Default: 0, no limit.
   */
  readonly timeLimit?: number | undefined;
  /** Receives the log messages that threads post. */
  readonly logger?: Logger | undefined;
}

/**
 * A pool of equal threads: each runs a module that calls `answerTasks`. Threads without a task do not keep the process
 * alive.
 */
export class WorkerThreads<Task, Answer> {
  readonly #entry: URL;
  #limit: number;
  readonly #data: unknown;
  readonly #timeLimit: number;
  readonly #logger: Logger | undefined;
  readonly #threads = new Set<Thread<Task, Answer>>();
  readonly #queue: Waiting<Task, Answer>[] = [];
  #lastNumber = LOADED;
  #isClosed = false;

  /**
   * @param entry the module
   * @param limit the most threads, at least 1. They are started when needed.
   */
  constructor(entry: URL, limit: number, { data, timeLimit = 0, logger }: WorkerThreadsOptions = {}) {
    this.#entry = entry;
    this.#limit = limit;
    this.#data = data;
    this.#timeLimit = timeLimit;
    this.#logger = logger;
  }

  /**
   * Starts threads until there are `count`, or as many as the limit allows, so that they are ready for tasks. A thread
   * that cannot be started is not an error here.
   */
  prepare(count: number): void {
    try {
      while (!this.#isClosed && this.#threads.size < Math.min(count, this.#limit)) {
        this.#start();
      }
    } catch {
      // The system has run out of threads or memory. If a task then gets no thread, `run` reports it.
    }
  }

  /**
   * Runs a task in a thread and returns its answer.
   *
   * @param signal discards the task, with `aborted`, if no thread has received it yet
   * @throws `unavailable` if no thread can be started, or if a thread fails to load its modules because a system
   *   resource is exhausted or a module is missing.
   * @throws `usage` if the task cannot be copied to a thread; `unavailable` if there is not enough memory for the copy.
   * @throws `TimeLimitError` if the task takes too long, which also ends its thread.
   * @throws the reason why the thread ended, if the thread ends during the task.
   * @throws a plain `Error` once the pool is closed.
   */
  async run(task: Task, signal?: AbortSignal): Promise<Answer> {
    if (this.#isClosed) {
      throw new Error('the threads are closed');
    }
    throwIfAborted(signal);
    let discard = (): void => {};
    const answer = new Promise<Answer>((resolve, reject) => {
      const waiting = { number: ++this.#lastNumber, task, resolve, reject };
      discard = () => {
        const place = this.#queue.indexOf(waiting);
        if (place >= 0) {
          this.#queue.splice(place, 1);
          reject(new VirtSimilarityError('aborted', 'interrupted', { cause: signal?.reason }));
        }
      };
      signal?.addEventListener('abort', discard);
      this.#queue.push(waiting);
      this.#dispatch();
    });
    try {
      return await answer;
    } finally {
      signal?.removeEventListener('abort', discard);
    }
  }

  /**
   * Rejects the tasks that no thread has received. Ends each thread when it has answered its tasks, and terminates
   * threads that are still running after a grace period of 0.4 s, or 2 s if they are still loading. Idempotent.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { reject } of this.#queue.splice(0)) {
      reject(new Error('the threads are closed'));
    }
    const threads = [...this.#threads];
    for (const { worker } of threads) {
      worker.ref();
      worker.postMessage({ end: true });
    }
    await Promise.all(threads.map(endOf));
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const thread = this.#availableThread();
      if (thread === undefined) {
        return;
      }
      this.#assign(thread, this.#queue.shift()!);
    }
  }

  #assign(thread: Thread<Task, Answer>, waiting: Waiting<Task, Answer>): void {
    const { number, task, reject } = waiting;
    try {
      thread.worker.postMessage({ number, task });
    } catch (thrown) {
      reject(copyError(thrown));
      return;
    }
    thread.tasks.push(waiting);
    if (thread.tasks.length === 1) {
      this.#startTimer(thread);
    }
    thread.worker.ref();
  }

  /**
   * Returns the thread with the fewest tasks. Starts another thread instead if all have tasks and the limit allows it.
   * Returns `undefined` if no thread can take a task.
   */
  #availableThread(): Thread<Task, Answer> | undefined {
    let leastBusy: Thread<Task, Answer> | undefined;
    for (const thread of this.#threads) {
      if (thread.tasks.length < (leastBusy?.tasks.length ?? TASKS_AHEAD)) {
        leastBusy = thread;
      }
    }
    if (leastBusy?.tasks.length === 0 || this.#threads.size === this.#limit) {
      return leastBusy;
    }
    try {
      return this.#start();
    } catch (reason) {
      // Without any thread, nothing would ever run the waiting tasks.
      if (this.#threads.size === 0) {
        for (const { reject } of this.#queue.splice(0)) {
          reject(reason);
        }
      }
      return leastBusy;
    }
  }

  #start(): Thread<Task, Answer> {
    const worker = this.#startWorker();
    let failure: unknown;
    const ended = new Promise<void>((resolve) => {
      worker.on('error', (reason) => {
        failure = reason;
      });
      worker.on('exit', (status) => {
        const reason = failure ?? new Error(`exit status ${status}`);
        // After the thread has loaded its modules, its task may have ended it: the reason is then passed on unchanged.
        this.#removeThread(thread, thread.isReady ? reason : threadError(reason));
        resolve();
      });
    });
    const thread: Thread<Task, Answer> = { worker, ended, tasks: [], isReady: false, timer: undefined };
    worker.on('message', (message: Answered<Answer> | undefined) => this.#receive(thread, message));
    worker.unref();
    this.#threads.add(thread);
    return thread;
  }

  #startWorker(): Worker {
    requireModuleFile(this.#entry, 'run a thread');
    try {
      return new Worker(this.#entry, { workerData: this.#data, ...OPTIONS });
    } catch (reason) {
      // Lowers the limit to the running threads, at least 1: a failed attempt leaves listeners on the process's output.
      this.#limit = Math.max(1, this.#threads.size);
      throw threadError(reason);
    }
  }

  #receive(thread: Thread<Task, Answer>, message: Answered<Answer> | undefined): void {
    const note = message?.note;
    if (isNote(note)) {
      this.#logger?.note(note.level, note.message);
    }
    if (message?.number === LOADED) {
      thread.isReady = true;
    }
    const [current] = thread.tasks;
    // Modules that the thread has loaded may also post messages.
    if (current === undefined || message?.number !== current.number) {
      return;
    }
    thread.tasks.shift();
    this.#startTimer(thread);
    // A thread without a task does not keep the process alive.
    if (thread.tasks.length === 0 && !this.#isClosed) {
      thread.worker.unref();
    }
    current.resolve(message.answer);
    this.#dispatch();
  }

  /** Starts the time limit of the thread's first task. */
  #startTimer(thread: Thread<Task, Answer>): void {
    clearTimeout(thread.timer);
    if (this.#timeLimit === 0 || thread.tasks.length === 0) {
      return;
    }
    thread.timer = setTimeout(() => {
      this.#removeThread(thread, new TimeLimitError(this.#timeLimit));
      void thread.worker.terminate();
    }, this.#timeLimit);
  }

  /**
   * Removes an ended thread. Its current task fails. Its remaining tasks are run by other threads, or fail too if the
   * pool is closed.
   */
  #removeThread(thread: Thread<Task, Answer>, failure: unknown): void {
    clearTimeout(thread.timer);
    this.#threads.delete(thread);
    const [current, ...others] = thread.tasks.splice(0);
    current?.reject(failure);
    if (this.#isClosed) {
      for (const { reject } of others) {
        reject(failure);
      }
    } else {
      this.#queue.unshift(...others);
    }
    this.#dispatch();
  }
}

/** Returns whether a value is a note: modules that a thread has loaded may also post messages. */
function isNote(note: Answered<unknown>['note'] | undefined): note is NonNullable<typeof note> {
  return (note?.level === 'warning' || note?.level === 'debug') && typeof note.message === 'string';
}

/** Returns the error for a task that could not be copied to a thread. */
function copyError(thrown: unknown): unknown {
  if (exhaustionRemedy(thrown) !== undefined) {
    return threadError(thrown);
  }
  const problem = `expected a task that can be copied to a thread, found one that cannot: ${messageOf(thrown)}`;
  return new VirtSimilarityError('usage', `${problem}; remove functions from it`, { cause: thrown });
}

/** Waits for a thread that was asked to end, and terminates it if it does not end in time. */
async function endOf<Task, Answer>({ worker, ended, isReady }: Thread<Task, Answer>): Promise<void> {
  const grace = new AbortController();
  const timeout = sleep(isReady ? GRACE_MS : LOADING_GRACE_MS, undefined, grace).catch(() => {});
  await Promise.race([ended, timeout]);
  grace.abort();
  await worker.terminate();
}
