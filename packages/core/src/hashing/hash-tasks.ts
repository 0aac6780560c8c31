import { throwIfAborted } from '../errors.js';
import type { HashedBlocks } from './hashed-blocks.js';
import type { HashingPool } from './hashing-pool.js';

/**
 * Hashes the tasks, as many at a time as the pool allows. Returns their results in the order of the tasks.
 *
 * @throws what `tasks` throws, the first error that `hash` throws, and `aborted`; in each case only when no task is
 *   running any longer.
 */
export async function hashTasks<Task>(
  tasks: Iterable<Task> | AsyncIterable<Task>,
  pool: HashingPool,
  { signal }: { readonly signal?: AbortSignal | undefined },
  hash: (task: Task) => Promise<HashedBlocks>,
): Promise<HashedBlocks[]> {
  const results: HashedBlocks[] = [];
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const hashInto = async (index: number, task: Task): Promise<void> => {
    try {
      results[index] = await hash(task);
    } catch (error) {
      failure ??= { error };
    }
  };
  try {
    let index = 0;
    for await (const task of tasks) {
      const release = await pool.acquire();
      if (failure || signal?.aborted) {
        release();
        break;
      }
      const work = hashInto(index++, task).finally(() => {
        release();
        running.delete(work);
      });
      running.add(work);
    }
  } finally {
    await Promise.all(running);
  }
  throwIfAborted(signal);
  if (failure) {
    throw failure.error;
  }
  return results;
}

/** Allocates zeroed memory that threads share. */
export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}
