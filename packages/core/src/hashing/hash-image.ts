import type { DiskImage, DiskStream, Extent } from '../contracts/disk-image.js';
import type { HashVector, HashVectorHeader } from '../contracts/hash-vector.js';
import { VirtSimilarityError } from '../errors.js';
import { expectedFiles, fileStampsOf, partsOf } from '../identity/chain.js';
import { requireAllowedSize } from '../reading/require-allowed-size.js';
import { unlessAborted } from '../unless-aborted.js';
import { problemOfHeader } from '../vectors/check-header.js';
import { hashVectorOf } from '../vectors/memory-hash-vector.js';
import { ExtentList } from './extent-list.js';
import type { HashTask, Segment } from './hash-task.js';
import { hashTasks, sharedBytes } from './hash-tasks.js';
import { concatenate, type HashedBlocks, withoutZeroBlocks } from './hashed-blocks.js';
import { type HashingPool, TASK_BYTES } from './hashing-pool.js';
import { inheritedRanges, withInherited, withoutRanges } from './inherited-blocks.js';
import { dataBytesOf, type PlannedTask, planTasks } from './plan-tasks.js';
import { hashStreamTask, streamTasks } from './stream-tasks.js';

export interface HashImageOptions {
  /** The name of the vector; default: the path of the image's first part, or an empty name if it has no parts. */
  readonly name?: string | undefined;
  /** Bytes; a power of two from 512 to 16 MiB; default: 65,536. */
  readonly blockSize?: number | undefined;
  /**
   * The hash vector of the backing image (see `baseOf`), made with the same hasher and block size. Blocks that are
   * inherited completely are copied from this vector instead of being read. Ignored for a stream.
   */
  readonly base?: HashVector | undefined;
  /**
   * Bytes; a stream is `refused` as soon as it is longer. The size of a `DiskImage` is not checked.
   * `READ_DEFAULTS.maxVirtualSize` when absent.
   */
  readonly maxVirtualSize?: number | undefined;
  /** Called once with the number of bytes to read; for a stream, whose size is unknown, with the size of its files. */
  readonly onStart?: ((bytes: number) => void) | undefined;
  /**
   * Called after each task with the number of the task's bytes that are not in zero extents; for a stream, with the
   * number of all bytes of the task.
   */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The default block size is 64 KiB, the default cluster size of qcow2. */
export const HASH_IMAGE_DEFAULTS = { blockSize: 65_536 } as const;

/**
 * Hashes every non-zero block of an open image with the pool. The image stays open. Afterwards, the caller must check
 * with the reader's `identify` whether the image changed meanwhile.
 *
 * Memory: the vector twice, or with `base` up to four times the image's own rows and twice the rows of `base`; for each
 * block in which an extent begins, up to 192 bytes, and 288 bytes while the list of extents grows; and the pool's tasks
 * of at most 16 MiB each. A stream has one task more than the pool allows.
 *
 * @throws as `HashingPool.run` (for example `changed` if a file was changed or replaced); whatever the image's methods,
 *   reading `base` and the callbacks throw; `plugin` if the extents are invalid; `usage` for an invalid block size, or
 *   if there are more than 2³² blocks; `refused` for a stream of more than `maxVirtualSize` bytes; and `aborted`. An
 *   abort does not wait for reads through the image or for tasks in threads. An abandoned read fails when the image is
 *   closed.
 */
export async function hashImage(
  image: DiskImage | DiskStream,
  pool: HashingPool,
  options: HashImageOptions = {},
): Promise<HashVector> {
  const { identity } = image;
  const { digestLength } = pool.hasher;
  const { blockSize = HASH_IMAGE_DEFAULTS.blockSize, name = partsOf(identity)[0]?.path ?? '' } = options;
  const { hasherVersion } = pool;
  const hashing = { algorithm: pool.hasherName, digestLength, ...(hasherVersion !== undefined && { hasherVersion }) };
  const header = { name, ...hashing, blockSize, identity };
  return 'readNext' in image
    ? hashStream(image, pool, header, { ...options, blockSize })
    : hashBlocks(image, pool, header, { ...options, blockSize });
}

/** The members of a header that are known before the image is read. */
type HeaderStart = Omit<HashVectorHeader, 'virtualSize' | 'dataBlocks'>;

const NO_MEMORY = new Uint8Array(0);

/** The options, with a block size. */
type TaskOptions = HashImageOptions & { readonly blockSize: number };

/** @throws `usage` if a disk of this size cannot have a hash vector with this header. */
function requireHashable(header: HeaderStart, virtualSize: number): void {
  const problem = problemOfHeader({ ...header, virtualSize, dataBlocks: 0 });
  if (problem !== undefined) {
    throw new VirtSimilarityError('usage', `cannot hash ${header.name}: ${problem}`, { image: header.name });
  }
}

async function hashBlocks(
  image: DiskImage,
  pool: HashingPool,
  header: HeaderStart,
  options: TaskOptions,
): Promise<HashVector> {
  const { virtualSize } = image;
  const { base, blockSize, signal } = options;
  requireHashable(header, virtualSize);
  const extents = await ExtentList.from(image.extents(), virtualSize, { blockSize, signal });
  const ranges = { [Symbol.iterator]: () => (base === undefined ? [].values() : inheritedRanges(extents, blockSize)) };
  const toRead = { [Symbol.iterator]: () => withoutRanges(extents, ranges, blockSize) };
  options.onStart?.(bytesToRead(toRead));
  const tasks = planTasks(toRead, blockSize, Math.max(1, TASK_BYTES / blockSize));
  const parts = await hashTasks(tasks, pool, options, async (planned) => {
    const hashed = await hashTask(image, pool, planned, options);
    options.onBytes?.(dataBytesOf(planned));
    return hashed;
  });
  const own = concatenate(parts, pool.hasher.digestLength);
  const { blocks, digests } = base === undefined ? own : await withInherited(own, base, ranges);
  return hashVectorOf({ ...header, virtualSize }, blocks, digests);
}

async function hashStream(
  stream: DiskStream,
  pool: HashingPool,
  header: HeaderStart,
  options: TaskOptions,
): Promise<HashVector> {
  let virtualSize = 0;
  requireHashable(header, virtualSize);
  options.onStart?.(fileStampsOf(stream.identity).reduce((bytes, { size }) => bytes + Number(size), 0));
  const counted = async function* () {
    for await (const task of streamTasks(stream, pool, options)) {
      virtualSize += task.bytes.length;
      requireAllowedSize({ path: header.name, atLeast: virtualSize }, options);
      requireHashable(header, virtualSize);
      yield task;
    }
  };
  const parts = await hashTasks(counted(), pool, options, async (task) => {
    const hashed = await hashStreamTask(task, pool, options);
    options.onBytes?.(task.bytes.length);
    return hashed;
  });
  const { blocks, digests } = concatenate(parts, pool.hasher.digestLength);
  return hashVectorOf({ ...header, virtualSize }, blocks, digests);
}

function bytesToRead(extents: Iterable<Extent>): number {
  let bytes = 0;
  for (const { kind, length } of extents) {
    if (kind === 'data') {
      bytes += length;
    }
  }
  return bytes;
}

async function hashTask(
  image: DiskImage,
  pool: HashingPool,
  planned: PlannedTask,
  { blockSize, signal }: TaskOptions,
): Promise<HashedBlocks> {
  const { digestLength } = pool.hasher;
  const digests = sharedBytes(planned.blocks.length * digestLength);
  const present = sharedBytes(planned.blocks.length);
  const unread = planned.reads.reduce((sum, { length }) => sum + length, 0);
  const memory = unread === 0 ? NO_MEMORY : pool.borrowMemory(unread);
  // If the signal fires, the abandoned call ends when the image or the pool is closed.
  const segments = await unlessAborted(readSegments(image, planned, memory), signal);
  const task: HashTask = { blockSize, files: expectedFiles(image.identity), segments, digests, present };
  await unlessAborted(pool.run(task), signal);
  // After a failure or abort, the memory is not given back: an abandoned call may still be writing to it.
  if (memory !== NO_MEMORY) {
    pool.giveBack(memory);
  }
  return withoutZeroBlocks(planned.blocks, task, digestLength);
}

/**
 * Reads the planned reads through the image into `memory`, which is shared. Returns the segments of the task. Segments
 * in files are read later, where the task runs.
 */
async function readSegments(
  image: DiskImage,
  { segments, reads }: PlannedTask,
  memory: Uint8Array,
): Promise<Segment[]> {
  let used = 0;
  const starts = reads.map(({ position, length }) => {
    const start = used;
    used += length;
    return { position, start, bytes: memory.subarray(start, used) };
  });
  const outcomes = await Promise.allSettled(starts.map(({ position, bytes }) => image.read(bytes, position)));
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') {
      throw outcome.reason;
    }
  }
  return segments.map((segment): Segment => {
    if (segment.kind !== 'read') {
      return segment;
    }
    const { position, length } = segment;
    const { position: first, bytes } = starts[segment.read]!;
    return { kind: 'memory', bytes: bytes.subarray(position - first, position - first + length), length };
  });
}
