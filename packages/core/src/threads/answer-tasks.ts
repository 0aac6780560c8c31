import { parentPort } from 'node:worker_threads';

/** The number by which a thread says that it has loaded its modules; those of tasks are above. */
export const LOADED = 0;

/** What a thread posts. */
export interface Answered<Answer> {
  /** That of the task. */
  readonly number: number;
  readonly answer: Answer;
  /** Posted by itself, at any time. */
  readonly note?: { readonly level: 'warning' | 'debug'; readonly message: string };
}

/**
 * Makes this thread one of `WorkerThreads`: answers each task with what `work` returns or promises for it, one after the
 * other. What `work` throws ends the thread.
 */
export function answerTasks<Task, Answer>(work: (task: Task) => Answer | Promise<Answer>): void {
  parentPort?.postMessage({ number: LOADED });
  let turn: Promise<void> = Promise.resolve();
  parentPort?.on('message', (message: { readonly number: number; readonly task: Task } | { readonly end: true }) => {
    turn = turn.then(async () => {
      if ('task' in message) {
        parentPort?.postMessage({ number: message.number, answer: await work(message.task) });
      }
      // Ends this thread alone, whatever the modules that it loaded left running.
      else {
        process.exit();
      }
    });
  });
}
