import { readSync } from 'node:fs';
import { constants, inflateRawSync } from 'node:zlib';
import { messageOf } from '@virt-similarity/core/errors';

/** A compressed cluster, and which of its bytes are wanted where. Bytes. */
export interface WantedCluster {
  /** Where it begins in the file. */
  readonly offset: number;
  /** Bytes of the file that it lies within, from `offset` on; the file may end before. */
  readonly storedBytes: number;
  /** Wanted are `length` of its bytes from `from` on, */
  readonly from: number;
  readonly length: number;
  /** and they go here in the target. */
  readonly to: number;
}

/** Bytes that are stored as they are. */
export interface WantedRun {
  /** Where they begin in the file. */
  readonly offset: number;
  readonly length: number;
  /** Where they go in the target. */
  readonly to: number;
}

export type WantedBytes = WantedCluster | WantedRun;

/** Pieces of one file to be read, and decompressed where they are compressed, into shared memory. */
export interface InflateTask {
  /** An open file of this process. */
  readonly descriptor: number;
  /** Bytes of every cluster once it is decompressed. */
  readonly clusterBytes: number;
  readonly clusters: readonly WantedBytes[];
  readonly target: Uint8Array;
}

/** Why a task failed, and at which byte of the file; `changed` where the file ends there. */
export interface InflateFailure {
  readonly code: 'changed' | 'corrupt' | 'unreadable';
  readonly offset: number;
  readonly reason: string;
}

/**
 * Decompresses clusters as qcow2 has them: raw deflate (RFC 1951), the end of the stream not always marked, anything
 * behind it. Synchronous: made for worker threads.
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
      // One byte more than there should be, so that zlib need not be asked again whether there is more.
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

/** Up to so many bytes of the file, in memory that the next call overwrites. */
function readStored(descriptor: number, offset: number, length: number): Buffer {
  if (buffer.length < length) {
    buffer = Buffer.allocUnsafeSlow(length);
  }
  return buffer.subarray(0, readInto(buffer.subarray(0, length), descriptor, offset));
}

/** Fills the target from the file; gives how many bytes there were. */
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
