import { readSync } from 'node:fs';
import { constants, inflateRawSync } from 'node:zlib';
import { messageOf } from '@virt-similarity/core/errors';

/** A compressed cluster, the part of it that is needed, and the destination of that part. All values are in bytes. */
export interface WantedCluster {
  /** Where the stored bytes of the cluster begin in the file. */
  readonly offset: number;
  /**
   * Length of the range of the file, from `offset` on, that contains the compressed cluster. The file can end within
   * this range.
   */
  readonly storedBytes: number;
  /** Index of the first needed byte in the decompressed cluster. */
  readonly from: number;
  /** Number of needed bytes. */
  readonly length: number;
  /** Index in the target at which the needed bytes begin. */
  readonly to: number;
}

/** A run of bytes that are stored verbatim, and its destination. All values are in bytes. */
export interface WantedRun {
  /** Where the run begins in the file. */
  readonly offset: number;
  readonly length: number;
  /** Index in the target at which the bytes begin. */
  readonly to: number;
}

export type WantedBytes = WantedCluster | WantedRun;

/** Pieces of one file to read into shared memory. Compressed pieces are decompressed. */
export interface InflateTask {
  /** Descriptor of an open file of this process. */
  readonly descriptor: number;
  /** Length of each compressed cluster after decompression, in bytes; 0 if there are only verbatim runs. */
  readonly clusterBytes: number;
  /** The pieces: compressed clusters and verbatim runs. */
  readonly clusters: readonly WantedBytes[];
  /** Receives the bytes; in shared memory, because the task runs on another thread. */
  readonly target: Uint8Array;
}

/**
 * The reason why a task failed. `offset` is the byte of the file at which the failed piece begins or, with the code
 * `changed`, from which bytes are missing.
 */
export interface InflateFailure {
  readonly code: 'changed' | 'corrupt' | 'unreadable';
  readonly offset: number;
  readonly reason: string;
}

/**
 * Reads a task's pieces into its `target`. Compressed clusters are those of qcow2: raw deflate (RFC 1951). The deflated
 * data can lack its end marker, and any bytes can follow it. Synchronous, for worker threads. Stops at the first
 * failure and returns it; returns `undefined` if all pieces were read.
 */
export function inflateClusters({
  descriptor,
  clusterBytes,
  clusters,
  target,
}: InflateTask): InflateFailure | undefined {
  for (const wanted of clusters) {
    const failure =
      'storedBytes' in wanted ? inflate(wanted, descriptor, clusterBytes, target) : copy(wanted, descriptor, target);
    if (failure !== undefined) {
      return failure;
    }
  }
  return undefined;
}

function copy({ offset, length, to }: WantedRun, descriptor: number, target: Uint8Array): InflateFailure | undefined {
  try {
    const filled = readInto(target.subarray(to, to + length), descriptor, offset);
    return filled === length ? undefined : { code: 'changed', offset: offset + filled, reason: 'the file ends' };
  } catch (thrown) {
    return { code: 'unreadable', offset, reason: messageOf(thrown) };
  }
}

function inflate(
  { offset, storedBytes, from, length, to }: WantedCluster,
  descriptor: number,
  clusterBytes: number,
  target: Uint8Array,
): InflateFailure | undefined {
  let stored: Buffer;
  try {
    stored = readStored(descriptor, offset, storedBytes);
  } catch (thrown) {
    return { code: 'unreadable', offset, reason: messageOf(thrown) };
  }
  try {
    const cluster = inflateRawSync(stored, {
      // With room for one more byte than expected, zlib finds out in the first call whether there are more bytes.
      chunkSize: clusterBytes + 1,
      maxOutputLength: clusterBytes,
      finishFlush: constants.Z_SYNC_FLUSH,
    });
    if (cluster.length < clusterBytes) {
      return { code: 'corrupt', offset, reason: `${cluster.length} bytes instead of ${clusterBytes}` };
    }
    target.set(cluster.subarray(from, from + length), to);
    return undefined;
  } catch (thrown) {
    return { code: 'corrupt', offset, reason: messageOf(thrown) };
  }
}

let buffer = Buffer.alloc(0);

/**
 * Returns the `length` bytes of the file at `offset`; fewer only if the file ends there. The next call overwrites the
 * returned memory.
 */
function readStored(descriptor: number, offset: number, length: number): Buffer {
  if (buffer.length < length) {
    buffer = Buffer.allocUnsafeSlow(length);
  }
  return buffer.subarray(0, readInto(buffer.subarray(0, length), descriptor, offset));
}

/**
 * Fills `target` with the bytes of the file from `offset` on. Returns their number, which is less than the length of
 * `target` only if the file ends there.
 */
function readInto(target: Uint8Array, descriptor: number, offset: number): number {
  let filled = 0;
  while (filled < target.length) {
    const read = readSync(descriptor, target, filled, target.length - filled, offset + filled);
    if (read === 0) {
      break;
    }
    filled += read;
  }
  return filled;
}
