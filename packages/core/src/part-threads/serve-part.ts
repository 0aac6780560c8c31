import { parentPort } from 'node:worker_threads';
import type { PartReference } from '../contracts/part-reference.js';
import type { Logger, NamedPart, PartKind, PartKinds } from '../contracts/plugin.js';
import { answerTasks } from '../threads/answer-tasks.js';
import { type ThreadFailure, threadFailureOf } from '../threads/thread-failure.js';
import { importRegistry } from './import-registry.js';
import type { PartAnswer, PartTask } from './part-task.js';

/** The logger for parts in this thread; `WorkerThreads` forwards its notes. */
export const THREAD_LOGGER: Logger = {
  note: (level, message) => parentPort?.postMessage({ note: { level, message } }),
};

/**
 * Imports the plugins of a part into this thread and constructs the part.
 *
 * @throws as `importRegistry` and `PartRegistry.find`.
 */
export async function constructPart<Kind extends PartKind>(
  reference: PartReference,
): Promise<NamedPart<PartKinds[Kind]>> {
  const { kind, name, plugins } = reference;
  const registry = await importRegistry(plugins, THREAD_LOGGER);
  return { name, part: registry.find(kind, name) as PartKinds[Kind] };
}

/**
 * Answers the tasks of this thread with the methods of `work`, one at a time. If a method throws, the answer is the
 * result of `failureOf`.
 */
export function serveMethods<Work extends object>(work: Work, failureOf: (thrown: unknown) => ThreadFailure): void {
  answerTasks(async ({ method, given }: PartTask<Work>): Promise<PartAnswer> => {
    try {
      const act = work[method] as (...given: unknown[]) => unknown;
      return { result: await act(...given) };
    } catch (thrown) {
      return { failure: failureOf(thrown) };
    }
  });
}

/** Converts what a part in this thread threw to a failure. */
export function partFailure({ kind, name }: PartReference, thrown: unknown): ThreadFailure {
  return threadFailureOf(name, `the ${kind} failed`, thrown);
}
