import type { DiskStream } from '../contracts/disk-image.js';
import { unlessAborted } from '../unless-aborted.js';
import type { HashTask, Segment } from './hash-task.js';
import { sharedBytes } from './hash-tasks.js';
import { type HashedBlocks, withoutZeroBlocks } from './hashed-blocks.js';
import { type HashingPool, TASK_BYTES } from './hashing-pool.js';

/** The options for hashing a stream. */
export interface StreamOptions {
  readonly blockSize: number;
  readonly signal?: AbortSignal | undefined;
}

/** Some consecutive blocks of a stream. */
export interface StreamTask {
  /** Block numbers, ascending. */
  readonly blocks: Uint32Array;
  /** The content of these blocks, without padding at the end of the disk. */
  readonly bytes: Uint8Array;
  /** The memory that contains `bytes`, to be given back to the pool. */
  readonly memory: Uint8Array;
}

/**
 * Reads a stream to its end, and yields its blocks in tasks. Each task is read when the consumer requests it. The
 * consumer gives the task's memory back to the pool, as `hashStreamTask` does.
 *
 * @throws as `DiskStream.readNext`, and `aborted`.
 */
export async function* streamTasks(
  stream: DiskStream,
  pool: HashingPool,
  { blockSize, signal }: StreamOptions,
): AsyncGenerator<StreamTask, void> {
  const taskBytes = Math.max(TASK_BYTES, blockSize);
  for (let first = 0; ; first += taskBytes / blockSize) {
    const memory = pool.borrowMemory(taskBytes);
    const length = await unlessAborted(stream.readNext(memory.subarray(0, taskBytes)), signal);
    if (length === 0) {
      pool.giveBack(memory);
      return;
    }
    const blocks = Uint32Array.from({ length: Math.ceil(length / blockSize) }, (_, index) => first + index);
    yield { blocks, bytes: memory.subarray(0, length), memory };
    if (length < taskBytes) {
      return;
    }
  }
}

/**
 * Hashes a task, and gives its memory back to the pool.
 *
 * @throws as `HashingPool.run`, and `aborted`.
 */
export async function hashStreamTask(
  { blocks, bytes, memory }: StreamTask,
  pool: HashingPool,
  { blockSize, signal }: StreamOptions,
): Promise<HashedBlocks> {
  const { digestLength } = pool.hasher;
  const padding = blocks.length * blockSize - bytes.length;
  const segments: Segment[] = [
    { kind: 'memory', bytes, length: bytes.length },
    ...(padding > 0 ? [{ kind: 'zero', length: padding } as const] : []),
  ];
  const digests = sharedBytes(blocks.length * digestLength);
  const task: HashTask = { blockSize, files: [], segments, digests, present: sharedBytes(blocks.length) };
  await unlessAborted(pool.run(task), signal);
  // After a failure or abort, the memory is not given back: a thread may still be reading it.
  pool.giveBack(memory);
  return withoutZeroBlocks(blocks, task, digestLength);
}
