import { parentPort, threadId, workerData } from 'node:worker_threads';
import { answerTasks } from '#core/threads/answer-tasks.js';

/** A task for the threads of the tests: what to do, and for how many milliseconds before. */
export interface ObedientTask {
  readonly order: 'answer' | 'chat' | 'exit' | 'throw' | 'want';
  readonly after: number;
}

/** The thread's number, and what it was given when it was started. */
export interface ObedientAnswer {
  readonly thread: number;
  readonly data: unknown;
}

parentPort?.postMessage('a module of mine says hello');

answerTasks(({ order, after }: ObedientTask): ObedientAnswer => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, after);
  if (order === 'exit') {
    process.exit(9);
  }
  if (order === 'chat') {
    parentPort?.postMessage({ answer: 'none of yours' });
  }
  if (order === 'throw') {
    throw new Error('the thread is tired');
  }
  if (order === 'want') {
    throw Object.assign(new Error('out of memory'), { code: 'ERR_WORKER_OUT_OF_MEMORY' });
  }
  return { thread: threadId, data: workerData };
});
