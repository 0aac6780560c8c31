import { workerData } from 'node:worker_threads';
import { type ErrorCode, messageOf, VirtSimilarityError } from '../../errors.js';
import { answerTasks } from '../../threads/answer-tasks.js';
import type { ComparisonWork, ContentTask, PositionalTask } from './comparison.js';
import { type StepsOf, stepsOf } from './comparison-thread.js';

/** An error's way back: an instance would lose its class between threads. */
export interface ComparisonFailure {
  /** Absent where it was none of ours: a defect. */
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly image: string | undefined;
}

const comparison = workerData as ComparisonWork['comparison'];
let stepsOfTask: StepsOf | undefined;

/** Does a task, to its end unless it is told to stop, and returns what failed, if anything did. */
answerTasks((task: PositionalTask | ContentTask): ComparisonFailure | undefined => {
  try {
    stepsOfTask ??= stepsOf(comparison);
    const steps = stepsOfTask(task);
    while (Atomics.load(comparison.stop, 0) === 0 && !steps.next().done);
    return undefined;
  } catch (error) {
    const { code, image } = error instanceof VirtSimilarityError ? error : { code: undefined, image: undefined };
    return { code, message: messageOf(error), image };
  }
});
