import 'reflect-metadata';
import type { BlockHasher } from '../contracts/block-hasher.js';
import type { Constructor, Plugin } from '../contracts/plugin.js';
import { type ErrorCode, pluginError, VirtSimilarityError } from '../errors.js';
import type { HashTask } from './hash-task.js';
import { runHashTask } from './run-hash-task.js';

/** What the pool posts to a worker thread. */
export interface WorkerJob {
  readonly task: HashTask;
  /** Where the hasher's plugin can be imported from. */
  readonly pluginUrl: string;
  readonly hasherName: string;
}

/** An error's way back: an instance would lose its class between threads. */
export interface WorkerFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

const hashers = new Map<string, Promise<BlockHasher>>();

/** The worker thread's entry: runs a task, and returns what failed, if anything did. */
export default async function work(job: WorkerJob): Promise<WorkerFailure | undefined> {
  try {
    runHashTask(job.task, await hasherOf(job));
    return undefined;
  } catch (error) {
    const { code, message } = pluginError(job.hasherName, 'the hasher failed', error);
    return { code, message };
  }
}

function hasherOf({ pluginUrl, hasherName }: WorkerJob): Promise<BlockHasher> {
  const key = `${hasherName} ${pluginUrl}`;
  let hasher = hashers.get(key);
  if (hasher === undefined) {
    hasher = importHasher(pluginUrl, hasherName);
    hashers.set(key, hasher);
  }
  return hasher;
}

async function importHasher(pluginUrl: string, hasherName: string): Promise<BlockHasher> {
  const { default: plugin } = (await import(pluginUrl)) as { default: Plugin };
  for (const hasherClass of plugin.hashers ?? []) {
    const hasher = await construct(hasherClass);
    if (hasher.name === hasherName) return hasher;
  }
  throw new VirtSimilarityError('plugin', `${pluginUrl} has no hasher ${hasherName} when imported by a worker thread`);
}

/** The container costs a thread more time to load than all the rest, and only a class with parameters needs it. */
async function construct(hasherClass: Constructor<BlockHasher>): Promise<BlockHasher> {
  if (hasherClass.length === 0) return new hasherClass();
  const { container } = await import('tsyringe');
  return container.resolve(hasherClass);
}
