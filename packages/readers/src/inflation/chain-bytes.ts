import { classifyFailure, throwIfAborted, VirtSimilarityError, wording, wordingOf } from '@virt-similarity/core';
import { allSettled, chainOf, type InspectedImage, type QemuCall, readError } from '@virt-similarity/image-tools';
import { entryAt } from '../chain-map/chain-entries.js';
import { type ChainMap, openChainMap } from '../chain-map/open-chain-map.js';
import type { InflateFailure, InflateTask, WantedBytes } from './inflate-clusters.js';
import { type InflaterLease, leaseInflaters } from './inflater-threads.js';

/** Bytes that one task reads: enough to make posting it cheap, few enough to keep all threads busy. */
const TASK_BYTES = 2 * 1024 * 1024;
/** The most stored pieces that are read without threads: reading them takes less time than starting a thread. */
const FEW_PIECES = 16;

/** A piece of the requested range, stored in one image of the chain. */
interface Piece {
  /** Index of the image in the chain. */
  readonly layer: number;
  /** Bytes of a decompressed cluster; 0 if the piece is not compressed. */
  readonly clusterBytes: number;
  readonly wanted: WantedBytes;
}

/**
 * Reads the guest-visible bytes of a chain of qcow2, vhdx and raw images according to its tables. The pieces of a read,
 * however many, are read and decompressed in a few tasks on threads of this process. That is faster than qemu-nbd,
 * which sends decompressed data over a socket.
 */
export class ChainBytes {
  readonly #image: InspectedImage;
  readonly #call: QemuCall;
  #chain: Promise<ChainMap | undefined> | undefined;
  #inflaters: InflaterLease | undefined;
  /** The last lookup in the tables, which allow only one at a time. */
  #lastLookup: Promise<unknown> = Promise.resolve();
  readonly #running = new Set<Promise<void>>();

  constructor(image: InspectedImage, call: QemuCall) {
    this.#image = image;
    this.#call = call;
  }

  /**
   * Fills `target` with the bytes from `position` on and resolves with `true`. Resolves with `false` if some of them
   * are in images or compressed clusters that are not supported here; the content of `target` is then undefined.
   *
   * @throws `corrupt` if a cluster cannot be decompressed, `changed` if a file became shorter, `unreadable`,
   * `unavailable` if no thread can be started, `aborted`, and as `openChainMap`.
   */
  async read(target: Uint8Array, position: number): Promise<boolean> {
    this.#chain ??= openChainMap(this.#image, this.#call);
    const chain = await this.#chain;
    const lookup = this.#lastLookup.then(() => chain && piecesOf(chain, position, target));
    this.#lastLookup = lookup.catch(() => undefined);
    const pieces = await lookup;
    if (chain === undefined || pieces === undefined) {
      return false;
    }
    throwIfAborted(this.#call.signal);
    if (pieces.length <= FEW_PIECES && pieces.every(({ clusterBytes }) => clusterBytes === 0)) {
      await allSettled(
        pieces.map(({ layer, wanted: { offset, length, to } }) =>
          this.#track(chain.read(layer, target.subarray(to, to + length), offset)),
        ),
      );
      return true;
    }
    // The threads can only write to shared memory.
    const isShared = target.buffer instanceof SharedArrayBuffer;
    const memory = isShared ? target : new Uint8Array(new SharedArrayBuffer(target.length));
    await allSettled(tasksOf(pieces).map((group) => this.#track(this.#run(chain, group, memory))));
    if (!isShared) {
      for (const { wanted } of pieces) {
        target.set(memory.subarray(wanted.to, wanted.to + wanted.length), wanted.to);
      }
    }
    return true;
  }

  /** Waits for pending reads, then closes threads and files. Idempotent. */
  async close(): Promise<void> {
    const chain = await this.#chain?.catch(() => undefined);
    await this.#lastLookup;
    await Promise.allSettled(this.#running);
    const threads = this.#inflaters;
    this.#inflaters = undefined;
    await threads?.release();
    await chain?.close();
  }

  async #run(chain: ChainMap, group: readonly Piece[], target: Uint8Array): Promise<void> {
    const { layer } = group[0]!;
    const { descriptor, offset } = await chain.stored(layer);
    const task: InflateTask = {
      descriptor,
      clusterBytes: Math.max(...group.map(({ clusterBytes }) => clusterBytes)),
      clusters: group.map(({ wanted }) => ({ ...wanted, offset: offset + wanted.offset })),
      target,
    };
    this.#inflaters ??= leaseInflaters();
    const failure = await this.#inflaters.run(task).catch((cause: unknown) => {
      const { code, ending } = classifyFailure(cause, 'unavailable', 'try again');
      // The error of a thread that could not start already has a remedy.
      const remedy = cause instanceof VirtSimilarityError ? '' : ending;
      throw readError(this.#call, code, wording`its clusters could not be read: ${wordingOf(cause)}${remedy}`, cause);
    });
    if (failure !== undefined) {
      throw this.#errorFor(failure, layer);
    }
  }

  #track(work: Promise<void>): Promise<void> {
    this.#running.add(work);
    const forget = () => void this.#running.delete(work);
    work.then(forget, forget);
    return work;
  }

  #errorFor({ code, offset, reason }: InflateFailure, layer: number): VirtSimilarityError {
    const { path } = chainOf(this.#image)[layer]!.file;
    if (code === 'changed') {
      return readError(
        this.#call,
        code,
        `${path} ends at byte ${offset} now; wait until nothing changes it, and try again`,
      );
    }
    const what = `the cluster at byte ${offset} of ${path} cannot be read (${reason})`;
    return readError(this.#call, code, `${what}; check the image with qemu-img check`);
  }
}

/**
 * Returns the pieces of a range; `undefined` if any of it is not supported. Fills `target` with zeros where the disk
 * reads as zeros.
 */
async function piecesOf(chain: ChainMap, position: number, target: Uint8Array): Promise<Piece[] | undefined> {
  const pieces: Piece[] = [];
  const end = position + target.length;
  for (let at = position; at < end; ) {
    const { cluster, depth, length, zero, offset } = await entryAt(chain.layers, at, end);
    const to = at - position;
    if (zero) {
      target.fill(0, to, to + length);
      at += length;
    } else if (offset !== undefined) {
      pieces.push({ layer: depth, clusterBytes: 0, wanted: { offset, length, to } });
      at += length;
    } else if (cluster !== undefined) {
      const { clusterBytes, start, storedBytes } = cluster;
      const inCluster = Math.min(length, start + clusterBytes - at);
      const wanted = { offset: cluster.offset, storedBytes, from: at - start, length: inCluster, to };
      pieces.push({ layer: depth, clusterBytes, wanted });
      at += inCluster;
    } else {
      return undefined;
    }
  }
  return pieces;
}

/** Groups the pieces by file into tasks of about `TASK_BYTES`, in the order of the pieces. */
function tasksOf(pieces: readonly Piece[]): Piece[][] {
  const groups: Piece[][] = [];
  /** The group of each layer that still accepts pieces. */
  const current = new Map<number, { readonly group: Piece[]; bytes: number }>();
  for (const piece of pieces) {
    let last = current.get(piece.layer);
    if (last === undefined || last.bytes >= TASK_BYTES) {
      last = { group: [], bytes: 0 };
      current.set(piece.layer, last);
      groups.push(last.group);
    }
    last.group.push(piece);
    last.bytes += Math.max(piece.clusterBytes, piece.wanted.length);
  }
  return groups;
}
