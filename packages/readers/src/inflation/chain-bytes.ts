import { classifyFailure, throwIfAborted, VirtSimilarityError, wording, wordingOf } from '@virt-similarity/core';
import { allSettled, chainOf, type InspectedImage, type QemuCall, readError } from '@virt-similarity/image-tools';
import { entryAt } from '../chain-map/chain-entries.js';
import { type ChainMap, openChainMap } from '../chain-map/open-chain-map.js';
import type { InflateFailure, InflateTask, WantedBytes } from './inflate-clusters.js';
import { type InflaterLease, leaseInflaters } from './inflater-threads.js';

/**
 * A task accepts further pieces until its pieces have at least this many bytes. Verbatim bytes count as they are, and
 * each compressed cluster counts with its complete decompressed length. Posting such a task is cheap compared to
 * running it, and a read of many MiB still gives every thread a task.
 */
const TASK_BYTES = 2 * 1024 * 1024;
/**
 * Reads of at most this many pieces, none of them compressed, use no threads, because starting a thread takes longer.
 */
const FEW_PIECES = 16;

/**
 * A part of the requested range that one image of the chain stores: a run of verbatim bytes, or the needed bytes of one
 * compressed cluster.
 */
interface Piece {
  /** Index of the image in the chain. */
  readonly layer: number;
  /** Length of the decompressed cluster in bytes; 0 if the piece is not compressed. */
  readonly clusterBytes: number;
  /** Where the piece is stored, and where its bytes go in the target. */
  readonly wanted: WantedBytes;
}

/**
 * Reads the guest-visible bytes of a chain of qcow2, vhdx and raw images according to its tables. A read of a few
 * verbatim pieces uses no threads. Any other read is divided into tasks, each of which reads and decompresses pieces of
 * one file on a thread of this process. That is faster than qemu-nbd, which sends decompressed data over a socket.
 */
export class ChainBytes {
  readonly #image: InspectedImage;
  readonly #call: QemuCall;
  #chain: Promise<ChainMap | undefined> | undefined;
  #inflaters: InflaterLease | undefined;
  /**
   * Settles once the most recent lookup in the tables has ended. Each lookup waits for the previous one, because
   * lookups must not overlap.
   */
  #lastLookup: Promise<unknown> = Promise.resolve();
  readonly #running = new Set<Promise<void>>();

  constructor(image: InspectedImage, call: QemuCall) {
    this.#image = image;
    this.#call = call;
  }

  /**
   * Fills `target` with the bytes from `position` on and resolves with `true`. Resolves with `false` if `openChainMap`
   * does not support the chain, or if any of the bytes are in a cluster with a compression other than raw deflate; the
   * content of `target` is then undefined. The range must be within the disk.
   *
   * @throws `corrupt` if a table violates its format or a cluster cannot be decompressed; `changed` if a file was
   * replaced, written to or truncated; `unreadable` if a file cannot be read; `unavailable` if no thread can be
   * started, or if open files or memory run out; `aborted` if the signal has fired; and as `openChainMap`. Once
   * `openChainMap` has failed, every later read fails with the same error.
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

  /** Waits for pending reads, then releases the threads and closes the files. Idempotent. */
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
      // An error of this project, such as the error for a thread that could not start, already has a remedy.
      const remedy = cause instanceof VirtSimilarityError ? '' : ending;
      throw readError(this.#call, code, wording`its data could not be read: ${wordingOf(cause)}${remedy}`, cause);
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
        `${path} now has no data from byte ${offset}; wait until no program is changing it, then try again`,
      );
    }
    if (code === 'unreadable') {
      return readError(
        this.#call,
        code,
        `${path} cannot be read at byte ${offset} (${reason}); check it and its storage`,
      );
    }
    const what = `the cluster at byte ${offset} of ${path} cannot be decompressed (${reason})`;
    return readError(this.#call, code, `${what}; check the image with qemu-img check`);
  }
}

/**
 * Returns the pieces of the range that begins at `position` and has the length of `target`, in ascending order;
 * `undefined` if any part of the range is in a cluster with a compression other than raw deflate. Fills the parts of
 * `target` that read as zeros.
 *
 * @throws as `entryAt`.
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

/**
 * Divides the pieces into tasks. Each task has pieces of one image, in their order, and is complete once its pieces
 * have `TASK_BYTES`.
 */
function tasksOf(pieces: readonly Piece[]): Piece[][] {
  const groups: Piece[][] = [];
  /** The last group of each layer, and the bytes that its pieces make. */
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
