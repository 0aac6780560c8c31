import { basename, resolve } from 'node:path';
import type { ReadOptions } from '../contracts/disk-reader.js';
import type { HashVector } from '../contracts/hash-vector.js';
import type { Tile } from '../contracts/tile.js';
import { checkComparable } from '../distance/check-comparable.js';
import { comparePositionsBetween } from '../distance/compare-between.js';
import { COMPARISON_LIMITS } from '../distance/engine/comparison.js';
import { requireAllUnchanged, type StoredVector, withStoredVectors } from '../distance/engine/stored-vectors.js';
import { dataBlocksOf } from '../distance/pairwise-counts.js';
import { asNote, excerptOf, VirtSimilarityError, wording, wordingOf } from '../errors.js';
import { absolutePath } from '../files/absolute-path.js';
import { requireVectors } from '../vectors/require-vectors.js';
import { buildWindows } from './build-windows.js';
import { isSettled, keyOf } from './content-key.js';
import { keysIn, type Part, partsOf } from './parts.js';
import { type Counts, fitsQuery, Query } from './query.js';
import { type Segment, segmentInMemory } from './segment.js';
import { SegmentDirectory } from './segment-directory.js';

export interface VectorIndexOptions {
  /**
   * A directory that stores the index for later processes; when absent, the index is in memory. The directory is
   * created if it is missing. No other user may be able to write to it. It can be a cache of hash vectors, and can be
   * deleted at any time. It stores the index of one set of vectors: segments that this set does not need are removed.
   * Vectors in memory, and files that were written to in the last two seconds and are not entries of a cache, are
   * indexed only in memory.
   */
  readonly cache?: string | undefined;
  /** Receives warnings about the directory. The reported problems cost only time and memory. */
  readonly onWarning?: NonNullable<ReadOptions['warn']> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The most rows that are compared by means of the index. With more, `comparePositionsBetween` is usually faster. */
const MOST_ROWS = 16;
/**
 * The most vectors in a segment. Even if the pages of all vectors at one page number differ, these pages must fit into
 * a window.
 */
const MOST_IN_SEGMENT = 32_768;

/**
 * An index of hash vectors, for comparing a few new vectors with many that do not change. It usually reads a fraction
 * of the bytes that `comparePositionsBetween` reads, and returns the same counts.
 *
 * The index stores a prefix of each digest: the first four bytes, or 1 if they are 0. Aligned runs of 16 blocks with
 * equal prefixes in several vectors of a segment are stored once. Where prefixes are equal, complete digests are
 * compared. Usually, the complete digest of one vector of the index is enough for a block number. The index records the
 * block numbers at which different digests have the same prefix. There, the complete digest of every vector with the
 * prefix is compared.
 */
export class VectorIndex {
  readonly #directory: SegmentDirectory | undefined;
  readonly #warn: NonNullable<ReadOptions['warn']>;
  /** All vectors, by their keys. */
  readonly #byKey = new Map<string, HashVector>();
  #vectors: readonly HashVector[] = [];
  #parts: readonly Part[] = [];
  /**
   * The keys of vectors in files that this thread must not read, because their file systems may never respond. These
   * vectors are compared without the index.
   */
  readonly #remote = new Set<string>();
  #lastChange: Promise<unknown> = Promise.resolve();

  private constructor(directory: SegmentDirectory | undefined, warn: NonNullable<ReadOptions['warn']>) {
    this.#directory = directory;
    this.#warn = warn;
  }

  /**
   * Creates an index of these vectors, which can be in memory or in files. Reads the vectors that no segment in `cache`
   * contains, and sometimes others, to combine small segments. Memory: up to about 5 bytes per block of each vector
   * that is indexed in memory, zero blocks included; and while the index is built, up to 50 MiB and a copy of vectors
   * without `storage`.
   *
   * @throws `usage` if there is no vector, a value is not a vector, the vectors are not comparable, or `cache` is not a
   *   path; `corrupt` or `changed` if the file of a vector is damaged or has changed; `refused` if the cache is not a
   *   directory of this user, or others can write to it; `unavailable` if a system resource is exhausted or a
   *   WebAssembly module is missing; `aborted`; and whatever reading the vectors throws.
   */
  static async of(vectors: readonly HashVector[], options: VectorIndexOptions = {}): Promise<VectorIndex> {
    const { cache, onWarning = () => {}, signal } = options;
    requireVectors('VectorIndex.of', vectors);
    checkComparable(vectors);
    if (cache !== undefined && (typeof cache !== 'string' || cache === '')) {
      const problem = `expected cache to be the path of a directory, found ${excerptOf(cache)}`;
      throw new VirtSimilarityError('usage', `VectorIndex.of: ${problem}`);
    }
    const directory = cache === undefined ? undefined : new SegmentDirectory(resolve(absolutePath(cache)));
    const index = new VectorIndex(directory, onWarning);
    await index.#load(vectors);
    await index.add(vectors, { signal });
    return index;
  }

  /** The vectors in the order in which they were added. */
  get vectors(): readonly HashVector[] {
    return this.#vectors;
  }

  /**
   * Adds vectors. Reads them, and sometimes vectors that were added before, to combine small parts of the index.
   *
   * @throws as `of`. In that case, nothing is added.
   */
  async add(vectors: readonly HashVector[], { signal }: Pick<VectorIndexOptions, 'signal'> = {}): Promise<void> {
    requireVectors('VectorIndex.add', vectors);
    await this.#change(() => this.#add(vectors, signal));
  }

  /**
   * Compares each row vector with each vector of the index, block number by block number. Returns the tile that
   * `comparePositionsBetween(rows, index.vectors)` returns. From the vectors of the index, digests are read only to
   * confirm equal blocks. A change of a file is not noticed unless the file is read. A damaged segment of the index is
   * replaced, and its vectors are read again.
   *
   * If there are more than 16 rows, or a row has very many blocks, all rows are compared by `comparePositionsBetween`.
   * Vectors of the index whose files are on file systems that may never respond are always compared in this way.
   *
   * Memory, unless `comparePositionsBetween` is used: up to 100 bytes per block of a row, zero blocks included; 10 MiB;
   * and copies of row vectors on such file systems and of up to 64 vectors without `storage`.
   *
   * @throws `usage` if there are no rows or they are not comparable with the vectors of the index, and otherwise as
   *   `of`.
   */
  async compare(rows: readonly HashVector[], { signal }: Pick<VectorIndexOptions, 'signal'> = {}): Promise<Tile> {
    requireVectors('VectorIndex.compare', rows);
    const columns = this.#vectors;
    if (rows.length === 0 || rows.length > MOST_ROWS || !rows.every(fitsQuery)) {
      return comparePositionsBetween(rows, columns, { signal });
    }
    // The columns were checked against each other when they were added.
    const versioned = columns.find(({ hasherVersion }) => hasherVersion !== undefined) ?? columns[0]!;
    checkComparable([columns[0]!, versioned, ...rows]);
    const keys = columns.map(keyOf);
    const [equal, common] = [0, 0].map(() => new Uint32Array(rows.length * columns.length));
    for (const [index, row] of rows.entries()) {
      const counts = await this.#countsWith(row, signal);
      for (const [column, key] of keys.entries()) {
        equal![index * columns.length + column] = counts.get(key)!.equal;
        common![index * columns.length + column] = counts.get(key)!.common;
      }
    }
    return {
      alignment: 'position',
      rowBlocks: dataBlocksOf(rows),
      columnBlocks: dataBlocksOf(columns),
      equal: equal!,
      common: common!,
    };
  }

  /** Changes the index after all earlier changes. */
  async #change(call: () => Promise<void>): Promise<void> {
    const change = this.#lastChange.catch(() => {}).then(call);
    this.#lastChange = change;
    await change;
  }

  async #add(vectors: readonly HashVector[], signal: AbortSignal | undefined): Promise<void> {
    checkComparable([...this.#vectors, ...vectors]);
    const byKey = new Map([...this.#byKey, ...vectors.map((vector) => [keyOf(vector), vector] as const)]);
    await this.#cover(byKey, signal);
    this.#vectors = [...this.#vectors, ...vectors];
    for (const [key, vector] of byKey) {
      this.#byKey.set(key, vector);
    }
  }

  /** Uses segments of the cache for the vectors that they contain. Removes segments that are not needed. */
  async #load(vectors: readonly HashVector[]): Promise<void> {
    const byKey = new Map(vectors.map((vector) => [keyOf(vector), vector]));
    const warnOf = (thrown: unknown): void =>
      this.#warn(...asNote(wording`${wordingOf(thrown)}; the vectors in it are read again`));
    const segments = (await this.#orNothing(() => this.#directory?.list(warnOf))) ?? [];
    this.#parts = partsOf(segments, byKey);
    await this.#removeUnused(segments);
  }

  /**
   * Builds segments of the vectors that no segment contains. To keep the number of segments small, the new segments
   * also replace existing segments with at most twice as many vectors, and existing segments most of whose vectors are
   * not needed.
   */
  async #cover(byKey: ReadonlyMap<string, HashVector>, signal: AbortSignal | undefined): Promise<void> {
    const moment = BigInt(Date.now()) * 1_000_000n;
    const segments = this.#parts.map(({ segment }) => segment);
    const parts = partsOf(segments, byKey);
    const covered = new Set(parts.flatMap(keysIn));
    const missing = [...byKey].filter(([key]) => !covered.has(key) && !this.#remote.has(key));
    const isForFile = ([, vector]: readonly [string, HashVector]): boolean =>
      this.#directory !== undefined && isSettled(vector, moment);
    const built: Segment[] = [];
    const absorbed: Segment[] = [];
    for (const isKept of [true, false]) {
      const own = parts.filter(({ segment }) => (segment.path !== undefined) === isKept);
      const added = missing.filter((each) => isForFile(each) === isKept);
      const keys = added.map(([key]) => key);
      for (const part of own.toSorted((one, other) => keysIn(one).length - keysIn(other).length)) {
        const live = keysIn(part);
        if (live.length <= 2 * keys.length || live.length < part.segment.keys.length / 2) {
          keys.push(...live);
          absorbed.push(part.segment);
        }
      }
      for (let first = 0; first < keys.length; first += MOST_IN_SEGMENT) {
        const chunk = keys.slice(first, first + MOST_IN_SEGMENT);
        built.push(...(await this.#build(new Map(chunk.map((key) => [key, byKey.get(key)!])), isKept, signal)));
      }
    }
    this.#parts = partsOf([...segments.filter((segment) => !absorbed.includes(segment)), ...built], byKey);
    await this.#removeUnused(absorbed);
  }

  /**
   * Builds a segment of all vectors that are in memory or in local files. Returns an empty list if there are none.
   * Records the other vectors in `#remote`.
   *
   * @param isKept whether to write the segment to the directory; if that fails, it is built in memory
   */
  async #build(
    byKey: ReadonlyMap<string, HashVector>,
    isKept: boolean,
    signal: AbortSignal | undefined,
  ): Promise<Segment[]> {
    const { openFiles } = COMPARISON_LIMITS;
    return withStoredVectors([...byKey.values()], { signal, openFiles }, async (stored) => {
      const keys = [...byKey.keys()];
      for (const [index, { isRemote }] of stored.entries()) {
        if (isRemote) {
          this.#remote.add(keys[index]!);
        }
      }
      const local = stored.filter(({ isRemote }) => !isRemote);
      if (local.length === 0) {
        return [];
      }
      const localKeys = keys.filter((key) => !this.#remote.has(key));
      const windows = (): AsyncGenerator<Uint8Array> => checkedWindows(local, signal);
      const written = isKept
        ? await this.#orNothing(() => this.#directory?.write(localKeys, windows(), signal))
        : undefined;
      return [written ?? (await segmentInMemory(localKeys, windows()))];
    });
  }

  async #countsWith(row: HashVector, signal: AbortSignal | undefined): Promise<ReadonlyMap<string, Counts>> {
    const counts = new Map<string, Counts>();
    const parts = this.#parts;
    const segments = parts.map(({ segment }) => segment);
    const damaged = await Query.with(row, segments, signal, (query) => this.#count(query, parts, counts));
    if (damaged !== undefined) {
      await this.#change(() => this.#replace(damaged, signal));
      return this.#countsWith(row, signal);
    }
    const remote = [...this.#remote].filter((key) => this.#byKey.has(key));
    if (remote.length > 0) {
      const columns = remote.map((key) => this.#byKey.get(key)!);
      const { equal, common } = await comparePositionsBetween([row], columns, { signal });
      for (const [index, key] of remote.entries()) {
        counts.set(key, { equal: equal[index]!, common: common[index]! });
      }
    }
    return counts;
  }

  /**
   * Adds the counts with all vectors of the parts to `counts`. If the file of a segment cannot be used, stops and
   * returns that segment.
   */
  async #count(query: Query, parts: readonly Part[], counts: Map<string, Counts>): Promise<Segment | undefined> {
    for (const { segment, vectors } of parts) {
      try {
        for (const [index, found] of (await query.countsWith(segment, vectors)).entries()) {
          if (vectors[index] !== undefined) {
            counts.set(segment.keys[index]!, found);
          }
        }
      } catch (thrown) {
        if (segment.path === undefined || !isOfFile(thrown, segment.path)) {
          throw thrown;
        }
        if (thrown.code === 'corrupt') {
          this.#warn(...asNote(wording`${thrown.wording}; the vectors in it are read again`));
        }
        return segment;
      }
    }
    return undefined;
  }

  /** Replaces a segment in a file with a new segment of the same vectors in memory, and removes the file. */
  async #replace(segment: Segment, signal: AbortSignal | undefined): Promise<void> {
    const byKey = new Map(
      segment.keys.flatMap((key) => (this.#byKey.has(key) ? [[key, this.#byKey.get(key)!] as const] : [])),
    );
    const built = await this.#build(byKey, false, signal);
    const others = this.#parts.map((part) => part.segment).filter((each) => each !== segment);
    this.#parts = partsOf([...others, ...built], this.#byKey);
    await this.#removeUnused([segment]);
  }

  async #removeUnused(segments: readonly Segment[]): Promise<void> {
    const used = new Set(this.#parts.map(({ segment }) => segment.path));
    const names = segments.flatMap(({ path }) => (path === undefined || used.has(path) ? [] : [basename(path)]));
    if (names.length > 0) {
      await this.#directory?.remove(names);
    }
  }

  /**
   * Returns the result of `call`. If the directory cannot be used, warns and returns `undefined`, because that costs
   * only time.
   *
   * @throws what `call` throws, except `unreadable` and `unavailable`.
   */
  async #orNothing<Result>(call: () => Promise<Result> | undefined): Promise<Result | undefined> {
    try {
      return await call();
    } catch (thrown) {
      if (!(thrown instanceof VirtSimilarityError) || !['unreadable', 'unavailable'].includes(thrown.code)) {
        throw thrown;
      }
      this.#warn(...asNote(wording`${thrown.wording}; the index is not kept`));
      return undefined;
    }
  }
}

function isOfFile(thrown: unknown, path: string): thrown is VirtSimilarityError {
  return thrown instanceof VirtSimilarityError && thrown.image === path;
}

/**
 * Yields the windows of the vectors.
 *
 * @throws as `buildWindows`, and `changed` after the last window if a file has changed since it was opened.
 */
async function* checkedWindows(
  vectors: readonly StoredVector[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* buildWindows(vectors, signal);
  await requireAllUnchanged(vectors);
}
