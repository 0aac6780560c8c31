import { parentPort } from 'node:worker_threads';

/** The number of the message by which a thread reports that it has loaded its modules. Task numbers are larger. */
export const LOADED = 0;

/** A message from a thread: the answer of a task, the report that the thread has loaded its modules, or a note. */
export interface Answered<Answer> {
  /** The number of the task, or `LOADED`; absent in a note. */
  readonly number: number;
  readonly answer: Answer;
  /** A log message, which a thread can post at any time. A message with a note has no other members. */
  readonly note?: { readonly level: 'warning' | 'debug'; readonly message: string };
}

/**
 * Makes this thread serve tasks of `WorkerThreads`: answers each task with the awaited result of `work`, one after the
 * other. An exception in `work` ends the thread.
 */
export function answerTasks<Task, Answer>(work: (task: Task) => Answer | Promise<Answer>): void {
  parentPort?.postMessage({ number: LOADED });
  let turn: Promise<void> = Promise.resolve();
  parentPort?.on('message', (message: { readonly number: number; readonly task: Task } | { readonly end: true }) => {
    turn = turn.then(async () => {
      if ('task' in message) {
        parentPort?.postMessage({ number: message.number, answer: await work(message.task) });
      }
      // Ends only this thread, even if modules that it loaded still have open handles.
      else {
        process.exit();
      }
    });
  });
}
