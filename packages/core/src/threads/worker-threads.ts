import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Logger } from '../contracts/plugin.js';
import { exhaustionRemedy, messageOf, VirtSimilarityError } from '../errors.js';
import { type Answered, LOADED } from './answer-tasks.js';
import { threadError } from './thread-error.js';
import { TimeLimitError } from './time-limit-error.js';

/** Milliseconds that a thread may go on after it was asked to end: an interrupted run is to end within a second. */
const GRACE_MS = 400;
/** The same while it loads its modules: ended before that is done, it leaves their files open (Node.js 20). */
const LOADING_GRACE_MS = 2000;
/** Tasks that a thread is given before it has answered the first, so that it need not wait for the main thread. */
const TASKS_AHEAD = 2;

/** Threads inherit the options of Node.js, but refuse one that only the text of `node --eval` may have. */
const OPTIONS = process.execArgv.some((option) => option.startsWith('--input-type')) ? { execArgv: [] } : {};

interface Waiting<Task, Answer> {
  /** Tells its answer from whatever else the thread posts. */
  readonly number: number;
  readonly task: Task;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
}

interface Thread<Task, Answer> {
  readonly worker: Worker;
  readonly ended: Promise<unknown>;
  /** What it has not answered yet, in the order that it will. */
  readonly tasks: Waiting<Task, Answer>[];
  /** Whether it has loaded its modules. */
  isReady: boolean;
  /** Ends the thread when the first of its tasks takes too long. */
  watch: NodeJS.Timeout | undefined;
}

export interface WorkerThreadsOptions {
  /** What the module finds in its `workerData`. */
  readonly data?: unknown;
  /** Milliseconds that a thread has for each task, and to start before its first; 0, as when absent, for no limit. */
  readonly timeLimit?: number;
  /** Takes the notes that threads post. */
  readonly logger?: Logger | undefined;
}

/**
 * Threads that all do the same: each runs a module that calls `answerTasks`. While none has a task, they do not keep the
 * process alive.
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
   * @param entry The module.
   * @param limit Threads at most, at least 1. They are started as they are needed.
   */
  constructor(entry: URL, limit: number, { data, timeLimit = 0, logger }: WorkerThreadsOptions = {}) {
    this.#entry = entry;
    this.#limit = limit;
    this.#data = data;
    this.#timeLimit = timeLimit;
    this.#logger = logger;
  }

  /** Starts threads until there are as many, within the limit, so that they are ready when tasks come. */
  prepare(count: number): void {
    try {
      while (!this.#isClosed && this.#threads.size < Math.min(count, this.#limit)) {
        this.#start();
      }
    } catch {
      // The system is short of threads or memory; a task that gets none will say so.
    }
  }

  /**
   * What a thread answers. Rejects with `unavailable` where no thread can be started, with `usage` where the task cannot
   * be copied to one, with `TimeLimitError` where it took too long: its thread is then ended; with what ended the thread
   * where that happens in the middle of the task; also once this is closed.
   */
  run(task: Task): Promise<Answer> {
    if (this.#isClosed) {
      return Promise.reject(new Error('the threads were ended'));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ number: ++this.#lastNumber, task, resolve, reject });
      this.#dispatch();
    });
  }

  /** Ends the threads: when they have answered what they were given, and after a moment in the middle of it. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { reject } of this.#queue.splice(0)) {
      reject(new Error('the threads were ended'));
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
      const thread = this.#threadWithRoom();
      if (thread === undefined) {
        return;
      }
      this.#give(thread, this.#queue.shift()!);
    }
  }

  #give(thread: Thread<Task, Answer>, waiting: Waiting<Task, Answer>): void {
    const { number, task, reject } = waiting;
    try {
      thread.worker.postMessage({ number, task });
    } catch (thrown) {
      reject(notCopied(thrown));
      return;
    }
    thread.tasks.push(waiting);
    if (thread.tasks.length === 1) {
      this.#watch(thread);
    }
    thread.worker.ref();
  }

  /** The thread that has the least to do, a new one before one that is busy. */
  #threadWithRoom(): Thread<Task, Answer> | undefined {
    let freest: Thread<Task, Answer> | undefined;
    for (const thread of this.#threads) {
      if (thread.tasks.length < (freest?.tasks.length ?? TASKS_AHEAD)) {
        freest = thread;
      }
    }
    if (freest?.tasks.length === 0 || this.#threads.size === this.#limit) {
      return freest;
    }
    try {
      return this.#start();
    } catch (reason) {
      // With no thread there is none either that would take what waits later.
      if (this.#threads.size === 0) {
        for (const { reject } of this.#queue.splice(0)) {
          reject(reason);
        }
      }
      return freest;
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
        // What ends it later may be the fault of what it was given to do.
        this.#lose(thread, thread.isReady ? reason : threadError(reason));
        resolve();
      });
    });
    const thread: Thread<Task, Answer> = { worker, ended, tasks: [], isReady: false, watch: undefined };
    worker.on('message', (message: Answered<Answer> | undefined) => this.#take(thread, message));
    worker.unref();
    this.#threads.add(thread);
    return thread;
  }

  #startWorker(): Worker {
    try {
      return new Worker(this.#entry, { workerData: this.#data, ...OPTIONS });
    } catch (reason) {
      // Those that there are must do: every further attempt would leave listeners on this process's output.
      this.#limit = Math.max(1, this.#threads.size);
      throw threadError(reason);
    }
  }

  #take(thread: Thread<Task, Answer>, message: Answered<Answer> | undefined): void {
    const note = message?.note;
    if (isNote(note)) {
      this.#logger?.note(note.level, note.message);
    }
    if (message?.number === LOADED) {
      thread.isReady = true;
    }
    const [begun] = thread.tasks;
    // Modules that the thread has loaded may post messages of their own.
    if (begun === undefined || message?.number !== begun.number) {
      return;
    }
    thread.tasks.shift();
    this.#watch(thread);
    // A thread without a task does not keep the process alive.
    if (thread.tasks.length === 0 && !this.#isClosed) {
      thread.worker.unref();
    }
    begun.resolve(message.answer);
    this.#dispatch();
  }

  /** Gives the thread its time for the first of its tasks. */
  #watch(thread: Thread<Task, Answer>): void {
    clearTimeout(thread.watch);
    if (this.#timeLimit === 0 || thread.tasks.length === 0) {
      return;
    }
    thread.watch = setTimeout(() => {
      this.#lose(thread, new TimeLimitError(this.#timeLimit));
      void thread.worker.terminate();
    }, this.#timeLimit);
  }

  /** The task that a thread ended in has failed; what it had not begun goes to others. */
  #lose(thread: Thread<Task, Answer>, failure: unknown): void {
    clearTimeout(thread.watch);
    this.#threads.delete(thread);
    const [begun, ...others] = thread.tasks.splice(0);
    begun?.reject(failure);
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

/** Modules that a thread has loaded may post messages of their own. */
function isNote(note: Answered<unknown>['note'] | undefined): note is NonNullable<typeof note> {
  return (note?.level === 'warning' || note?.level === 'debug') && typeof note.message === 'string';
}

function notCopied(thrown: unknown): unknown {
  if (exhaustionRemedy(thrown) !== undefined) {
    return threadError(thrown);
  }
  const problem = `expected a task that can be copied to a thread, found one that cannot: ${messageOf(thrown)}`;
  return new VirtSimilarityError('usage', `${problem}; leave functions out of it`, { cause: thrown });
}

/** Waits for a thread that was asked to end, and ends it if it does not. */
async function endOf<Task, Answer>({ worker, ended, isReady }: Thread<Task, Answer>): Promise<void> {
  const patience = new AbortController();
  const late = sleep(isReady ? GRACE_MS : LOADING_GRACE_MS, undefined, patience).catch(() => {});
  await Promise.race([ended, late]);
  patience.abort();
  await worker.terminate();
}
