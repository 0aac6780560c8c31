import { parentPort } from 'node:worker_threads';

/**
 * Makes this thread one of `WorkerThreads`: answers each task with what `work` returns or promises for it, one after the
 * other. What `work` throws ends the thread.
 */
export function answerTasks<Task, Answer>(work: (task: Task) => Answer | Promise<Answer>): void {
  // The first message says that all is loaded.
  parentPort?.postMessage(undefined);
  let turn: Promise<void> = Promise.resolve();
  parentPort?.on('message', (message: { readonly task: Task } | { readonly end: true }) => {
    turn = turn.then(async () => {
      if ('task' in message) parentPort?.postMessage(await work(message.task));
      // Ends this thread alone, whatever the modules that it loaded left running.
      else process.exit();
    });
  });
}
