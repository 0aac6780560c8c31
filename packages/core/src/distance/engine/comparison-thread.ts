import type { ComparisonWork, ContentTask, PositionalTask } from './comparison.js';
import { ContentThread } from './content-thread.js';
import { PositionThread } from './position-thread.js';

/** Runs a task in short steps. Counts are incomplete until the generator is exhausted. */
export type StepsOf = (task: PositionalTask | ContentTask) => Generator<void, void, undefined>;

/** Returns a function that runs tasks of this comparison in the calling thread. */
export function stepsOf(comparison: ComparisonWork['comparison']): StepsOf {
  const thread = comparison.alignment === 'position' ? new PositionThread(comparison) : new ContentThread(comparison);
  return (task) => thread.run(task as PositionalTask & ContentTask);
}
