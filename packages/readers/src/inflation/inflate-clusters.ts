import { readSync } from 'node:fs';
import { constants, inflateRawSync } from 'node:zlib';
import { messageOf } from '@virt-similarity/core/errors';

/** A compressed cluster, the part of it that is needed, and its destination. Bytes. */
export interface WantedCluster {
  /** Where its stored bytes begin in the file. */
  readonly offset: number;
  /** Length of the range of the file that holds it, from `offset` on. The file may end earlier. */
  readonly storedBytes: number;
  /** The first byte needed of the decompressed cluster. */
  readonly from: number;
  /** How many of its bytes are needed. */
  readonly length: number;
  /** Their position in the target. */
  readonly to: number;
}

/** Bytes that are stored verbatim. */
export interface WantedRun {
  /** Their position in the file. */
  readonly offset: number;
  readonly length: number;
  /** Their position in the target. */
  readonly to: number;
}

export type WantedBytes = WantedCluster | WantedRun;

/** Pieces of one file to read into shared memory, decompressing those that are compressed. */
export interface InflateTask {
  /** Descriptor of an open file of this process. */
  readonly descriptor: number;
  /** Bytes of each decompressed cluster. */
  readonly clusterBytes: number;
  readonly clusters: readonly WantedBytes[];
  readonly target: Uint8Array;
}

/** Why a task failed, and at which byte of the file. `changed` means that the file ends there. */
export interface InflateFailure {
  readonly code: 'changed' | 'corrupt' | 'unreadable';
  readonly offset: number;
  readonly reason: string;
}

/**
 * Reads a task's pieces and decompresses qcow2 clusters: raw deflate (RFC 1951), possibly without an end marker and
 * with any bytes after it. Synchronous, for worker threads. Returns the first failure, if any.
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
      // With room for one more byte than expected, zlib need not be called again to see whether there are more bytes.
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

/** Returns up to `length` bytes of the file, in memory that the next call overwrites. */
function readStored(descriptor: number, offset: number, length: number): Buffer {
  if (buffer.length < length) {
    buffer = Buffer.allocUnsafeSlow(length);
  }
  return buffer.subarray(0, readInto(buffer.subarray(0, length), descriptor, offset));
}

/** Fills `target` from the file and returns the number of bytes read: fewer only at the end of the file. */
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
