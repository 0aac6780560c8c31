import { workerData } from 'node:worker_threads';
import { VirtSimilarityError } from '../../errors.js';
import { answerTasks } from '../../threads/answer-tasks.js';
import { sendable, type ThreadFailure } from '../../threads/thread-failure.js';
import type { ComparisonWork, ContentTask, PositionalTask } from './comparison.js';
import { type StepsOf, stepsOf } from './comparison-thread.js';

const comparison = workerData as ComparisonWork['comparison'];
let stepsOfTask: StepsOf | undefined;

/** Runs a task until it ends or `stop` is set. Returns its failure, if any. An unexpected error ends the thread. */
answerTasks((task: PositionalTask | ContentTask): ThreadFailure | undefined => {
  try {
    stepsOfTask ??= stepsOf(comparison);
    const steps = stepsOfTask(task);
    while (Atomics.load(comparison.stop, 0) === 0 && !steps.next().done) {}
    return undefined;
  } catch (error) {
    if (error instanceof VirtSimilarityError) {
      return sendable(error);
    }
    throw error;
  }
});
