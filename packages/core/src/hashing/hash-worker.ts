import { createRequire } from 'node:module';
import { workerData } from 'node:worker_threads';
import type { BlockHasher } from '../contracts/block-hasher.js';
import type { Constructor, Plugin } from '../contracts/plugin.js';
import { type ErrorCode, pluginError, VirtSimilarityError } from '../errors.js';
import { answerTasks } from '../threads/answer-tasks.js';
import type { HashTask } from './hash-task.js';
import { runHashTask } from './run-hash-task.js';

/** What a worker thread hashes with. */
export interface HashWorkerData {
  /** Where the hasher's plugin can be imported from. */
  readonly pluginUrl: string;
  readonly hasherName: string;
}

/** An error's way back: an instance would lose its class between threads. */
export interface HashFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

const { pluginUrl, hasherName } = workerData as HashWorkerData;
// A plugin that imports tsyringe, for whichever of its classes, cannot be loaded without it.
createRequire(import.meta.url)('reflect-metadata/lite');
const hasher = await importHasher().catch(failureOf);

answerTasks((task: HashTask): HashFailure | undefined => {
  if ('code' in hasher) return hasher;
  try {
    runHashTask(task, hasher);
    return undefined;
  } catch (error) {
    return failureOf(error);
  }
});

function failureOf(thrown: unknown): HashFailure {
  const { code, message } = pluginError(hasherName, 'the hasher failed', thrown);
  return { code, message };
}

async function importHasher(): Promise<BlockHasher> {
  const { default: plugin } = (await import(pluginUrl)) as { default: Plugin };
  for (const hasherClass of plugin.hashers ?? []) {
    const each = await construct(hasherClass);
    if (each.name === hasherName) return each;
  }
  throw new VirtSimilarityError('plugin', `${pluginUrl} has no hasher ${hasherName} when imported by a worker thread`);
}

/**
 * The container takes a thread more time to load than all the rest, and only a constructor with parameters needs it: the
 * class's own, or one that it inherits.
 */
async function construct(hasherClass: Constructor<BlockHasher>): Promise<BlockHasher> {
  const isDerived = Object.getPrototypeOf(hasherClass) !== Function.prototype;
  if (hasherClass.length === 0 && !isDerived) return new hasherClass();
  const { container } = await import('tsyringe');
  return container.resolve(hasherClass);
}
