import { messageOf, throwIfAborted, VirtSimilarityError, verdictOn } from '@virt-similarity/core';
import { entryAt } from '../chain-map/chain-entries.js';
import { type ChainMap, openChainMap } from '../chain-map/open-chain-map.js';
import { chainOf } from '../inspection/chain-of.js';
import type { InspectedImage } from '../inspection/inspected-image.js';
import type { QemuCall } from '../qemu/qemu-call.js';
import { allSettled } from '../reading/all-settled.js';
import { readError } from '../reading/read-error.js';
import type { InflateFailure, InflateTask, WantedCluster } from './inflate-clusters.js';
import { type InflaterLease, leaseInflaters } from './inflater-threads.js';

/** Bytes to be decompressed by one task: enough to make posting it cheap, little enough to keep all threads busy. */
const TASK_BYTES = 2 * 1024 * 1024;

/** Compressed bytes of one image of the chain. */
interface CompressedPiece {
  /** Number of the image in the chain. */
  readonly layer: number;
  readonly clusterBytes: number;
  readonly wanted: WantedCluster;
}

/**
 * The guest-visible bytes of compressed qcow2 clusters, decompressed on threads of this process: faster than having them
 * decompressed by qemu-nbd and sent over a socket.
 */
export class InflatedBytes {
  readonly #image: InspectedImage;
  readonly #call: QemuCall;
  #chain: Promise<ChainMap | undefined> | undefined;
  #inflaters: InflaterLease | undefined;
  /** The last look into the tables, which take one at a time. */
  #lastLook: Promise<unknown> = Promise.resolve();
  readonly #running = new Set<Promise<void>>();

  constructor(image: InspectedImage, call: QemuCall) {
    this.#image = image;
    this.#call = call;
  }

  /**
   * Fills `target` with the bytes from `position` on and resolves with `true`; with `false`, and nothing written, where
   * they are not all in compressed clusters that are understood here.
   *
   * @throws VirtSimilarityError `corrupt` where a cluster cannot be decompressed, `unreadable`, `unavailable` where no
   * thread can be started, `aborted`, and as `openChainMap`.
   */
  async read(target: Uint8Array, position: number): Promise<boolean> {
    this.#chain ??= openChainMap(this.#image, this.#call);
    const chain = await this.#chain;
    const look = this.#lastLook.then(() => chain && piecesOf(chain, position, target.length));
    this.#lastLook = look.catch(() => undefined);
    const pieces = await look;
    if (chain === undefined || pieces === undefined) {
      return false;
    }
    throwIfAborted(this.#call.signal);
    // The threads write into shared memory only.
    const memory =
      target.buffer instanceof SharedArrayBuffer ? target : new Uint8Array(new SharedArrayBuffer(target.length));
    await allSettled(tasksOf(pieces).map((group) => this.#track(this.#inflate(chain, group, memory))));
    if (memory !== target) {
      target.set(memory);
    }
    return true;
  }

  /** Waits for what is under way, then lets go of threads and files. Idempotent. */
  async close(): Promise<void> {
    const chain = await this.#chain?.catch(() => undefined);
    await this.#lastLook;
    await Promise.allSettled(this.#running);
    const inflaters = this.#inflaters;
    this.#inflaters = undefined;
    await inflaters?.release();
    await chain?.close();
  }

  async #inflate(chain: ChainMap, group: readonly CompressedPiece[], target: Uint8Array): Promise<void> {
    const { layer, clusterBytes } = group[0]!;
    const clusters = group.map(({ wanted }) => wanted);
    const task: InflateTask = { descriptor: await chain.descriptor(layer), clusterBytes, clusters, target };
    this.#inflaters ??= leaseInflaters();
    const failure = await this.#inflaters.run(task).catch((cause: unknown) => {
      const { code, ending } = verdictOn(cause, 'unavailable', 'try again');
      // What kept a thread from starting ends with its own remedy.
      const remedy = cause instanceof VirtSimilarityError ? '' : ending;
      throw readError(this.#call, code, `it could not be decompressed: ${messageOf(cause)}${remedy}`, cause);
    });
    if (failure !== undefined) {
      throw this.#failed(failure, layer);
    }
  }

  #track(work: Promise<void>): Promise<void> {
    this.#running.add(work);
    const forget = () => void this.#running.delete(work);
    work.then(forget, forget);
    return work;
  }

  #failed({ code, offset, reason }: InflateFailure, layer: number): VirtSimilarityError {
    const { path } = chainOf(this.#image)[layer]!.file;
    const what = `the compressed cluster at byte ${offset} of ${path} cannot be read (${reason})`;
    return readError(this.#call, code, `${what}; check the image with qemu-img check`);
  }
}

/** What a range is made of; nothing unless all of it is in compressed clusters that are understood. */
async function piecesOf(chain: ChainMap, position: number, length: number): Promise<CompressedPiece[] | undefined> {
  const pieces: CompressedPiece[] = [];
  const end = position + length;
  let step = length;
  for (let at = position; at < end; ) {
    const { cluster, depth, length: found } = await entryAt(chain.layers, at, Math.min(end, at + step));
    if (cluster === undefined) {
      return undefined;
    }
    const { offset, storedBytes, clusterBytes, start } = cluster;
    const inCluster = Math.min(found, start + clusterBytes - at);
    const wanted = { offset, storedBytes, from: at - start, length: inCluster, to: at - position };
    pieces.push({ layer: depth, clusterBytes, wanted });
    at += inCluster;
    // Likely the next cluster is as long: there is no use in looking further.
    step = clusterBytes;
  }
  return pieces;
}

/** Consecutive pieces of one image, in groups of about `TASK_BYTES`. */
function tasksOf(pieces: readonly CompressedPiece[]): CompressedPiece[][] {
  const groups: CompressedPiece[][] = [];
  let bytes = 0;
  for (const piece of pieces) {
    const group = groups.at(-1);
    if (group === undefined || group[0]!.layer !== piece.layer || bytes >= TASK_BYTES) {
      groups.push([piece]);
      bytes = piece.clusterBytes;
    } else {
      group.push(piece);
      bytes += piece.clusterBytes;
    }
  }
  return groups;
}
