import { parentPort, threadId, workerData } from 'node:worker_threads';
import { answerTasks } from '#core/threads/answer-tasks.js';

/** A task for the threads of the tests: the action, and the milliseconds that the thread waits before it. */
export interface ObedientTask {
  readonly order: 'answer' | 'chat' | 'exit' | 'throw' | 'exhaust';
  readonly after: number;
}

/** The thread's number, and its worker data. */
export interface ObedientAnswer {
  readonly thread: number;
  readonly data: unknown;
}

parentPort?.postMessage('an unrelated message');

answerTasks(({ order, after }: ObedientTask): ObedientAnswer => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, after);
  if (order === 'exit') {
    process.exit(9);
  }
  if (order === 'chat') {
    parentPort?.postMessage({ answer: 'not an answer' });
  }
  if (order === 'throw') {
    throw new Error('the thread is tired');
  }
  if (order === 'exhaust') {
    throw Object.assign(new Error('out of memory'), { code: 'ERR_WORKER_OUT_OF_MEMORY' });
  }
  return { thread: threadId, data: workerData };
});
