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

/** Clusters of one file to be decompressed into shared memory. */
export interface InflateTask {
  /** An open file of this process. */
  readonly descriptor: number;
  /** Bytes of every cluster once it is decompressed. */
  readonly clusterBytes: number;
  readonly clusters: readonly WantedCluster[];
  readonly target: Uint8Array;
}

/** Why a task failed, and at which byte of the file. */
export interface InflateFailure {
  readonly code: 'corrupt' | 'unreadable';
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
  for (const { offset, storedBytes, from, length, to } of clusters) {
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
    } catch (thrown) {
      return { code: 'corrupt', offset, reason: messageOf(thrown) };
    }
  }
  return undefined;
}

let buffer = Buffer.alloc(0);

/** Up to so many bytes of the file, in memory that the next call overwrites. */
function readStored(descriptor: number, offset: number, length: number): Buffer {
  if (buffer.length < length) {
    buffer = Buffer.allocUnsafeSlow(length);
  }
  let filled = 0;
  while (filled < length) {
    const read = readSync(descriptor, buffer, filled, length - filled, offset + filled);
    if (read === 0) {
      break;
    }
    filled += read;
  }
  return buffer.subarray(0, filled);
}
