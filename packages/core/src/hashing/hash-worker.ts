import { workerData } from 'node:worker_threads';
import { answerTasks } from '../threads/answer-tasks.js';
import { importPluginPart } from '../threads/import-plugin-part.js';
import { type ThreadFailure, threadFailureOf } from '../threads/thread-failure.js';
import type { HashTask } from './hash-task.js';
import { runHashTask } from './run-hash-task.js';

/** What a worker thread hashes with. */
export interface HashWorkerData {
  /** Where the hasher's plugin can be imported from. */
  readonly pluginUrl: string;
  readonly hasherName: string;
}

const { pluginUrl, hasherName } = workerData as HashWorkerData;
const hasher = await importPluginPart(pluginUrl, 'hashers', hasherName).catch(failureOf);

answerTasks((task: HashTask): ThreadFailure | undefined => {
  if ('code' in hasher) return hasher;
  try {
    runHashTask(task, hasher);
    return undefined;
  } catch (error) {
    return failureOf(error);
  }
});

function failureOf(thrown: unknown): ThreadFailure {
  return threadFailureOf(hasherName, 'the hasher failed', thrown);
}
