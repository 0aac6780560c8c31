import type { ComparisonWork, ContentTask, PositionalTask } from './comparison.js';
import { ContentThread } from './content-thread.js';
import { PositionThread } from './position-thread.js';

/** Does a task, in steps of some milliseconds; who does not take them all leaves the counts incomplete. */
export type StepsOf = (task: PositionalTask | ContentTask) => Generator<void, void, undefined>;

/** What one thread does of a comparison. Tasks are those of this comparison. */
export function stepsOf(comparison: ComparisonWork['comparison']): StepsOf {
  const thread = comparison.alignment === 'position' ? new PositionThread(comparison) : new ContentThread(comparison);
  return (task) => thread.run(task as PositionalTask & ContentTask);
}
