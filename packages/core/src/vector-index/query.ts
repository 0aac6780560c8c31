import type { FileStorage, HashVector, MemoryStorage } from '../contracts/hash-vector.js';
import { FileRows, MemoryRows, type RowSource } from '../distance/engine/row-source.js';
import { locatedVector } from '../distance/engine/stored-vectors.js';
import { throwIfAborted } from '../errors.js';
import { closeRegularFile, type LocatedFile, statusOf } from '../files/regular-file.js';
import { blockCountOf, problemOfBlocks } from '../vectors/check-header.js';
import { openUnchanged, requireSame } from '../vectors/unchanged-file.js';
import { headerOf } from '../vectors/vector-header.js';
import { instantiateQueryKernel, PAGE_BLOCKS, type QueryKernel, WINDOW_BLOCKS } from './index-kernels.js';
import { damagedSegment, type Segment } from './segment.js';
import { Turns } from './turns.js';

/** Counts of a pair of vectors: blocks that are equal, and blocks that are non-zero in both. */
export interface Counts {
  readonly equal: number;
  readonly common: number;
}

/** The kernel of an earlier query, if it is not in use: instantiating a kernel can take longer than a query. */
let spareKernel: QueryKernel | undefined;
/** A kernel with more memory than this, in bytes, is not kept. */
const LARGEST_SPARE = 64 * 1024 * 1024;

/** The most memory that the digests and pages of a vector may need, in bytes; the kernel's addresses have 32 bits. */
const MOST_BYTES = 2 ** 31;
/** The most bytes that the kernel needs for a page of the vector. */
const PAGE_BYTES = 96;

/** The number of u32 for each vector in the kernel's sums (see `sumsAt` in index-query.ts), and the index of each. */
const SUMS = 5;
const EQUAL = 0;
const COMMON = 1;
const FIRST_ROW = 2;
const NEXT_ROW = 3;
const EQUAL_IN_WINDOW = 4;
/** The most files to keep open at a time. */
const MOST_OPEN = 64;

/** Returns whether a vector is small enough for a query: whether it fits into the memory of the kernel. */
export function fitsQuery(vector: HashVector): boolean {
  return vector.dataBlocks * (vector.digestLength + 15) + mostPagesOf(vector) * PAGE_BYTES <= MOST_BYTES;
}

function mostPagesOf(vector: HashVector): number {
  return Math.min(vector.dataBlocks, Math.ceil(blockCountOf(vector) / PAGE_BLOCKS));
}

/**
 * Compares one vector with those of segments, block number by block number. Equal digest prefixes are confirmed with
 * complete digests, usually of few vectors.
 */
export class Query {
  readonly #kernel: QueryKernel;
  readonly #sources: OpenSources;
  readonly #turns: Turns;

  private constructor(kernel: QueryKernel, sources: OpenSources, signal: AbortSignal | undefined) {
    this.#kernel = kernel;
    this.#sources = sources;
    this.#turns = new Turns(signal);
  }

  /**
   * Calls `call` with a query for a vector.
   *
   * @param segments the segments that the vector can be compared with
   * @throws `changed` if a file that was read has changed, `corrupt` if the vector's block numbers do not ascend or
   *   exceed the disk, whatever reading the vector and `call` throw, `aborted`, and `unavailable` if memory cannot be
   *   allocated or the WebAssembly module is missing.
   */
  static async with<Result>(
    vector: HashVector,
    segments: readonly Segment[],
    signal: AbortSignal | undefined,
    call: (query: Query) => Promise<Result>,
  ): Promise<Result> {
    throwIfAborted(signal);
    const kernel = spareKernel ?? instantiateQueryKernel();
    spareKernel = undefined;
    const sources = new OpenSources();
    try {
      const query = new Query(kernel, sources, signal);
      await query.#take(vector, segments);
      const result = await call(query);
      await sources.requireUnchanged();
      return result;
    } finally {
      await sources.close();
      spareKernel = kernel.memory.buffer.byteLength <= LARGEST_SPARE ? kernel : undefined;
    }
  }

  /** Reads the vector into the kernel. */
  async #take(vector: HashVector, segments: readonly Segment[]): Promise<void> {
    const kernel = this.#kernel;
    const { dataBlocks, digestLength } = vector;
    const blockCount = blockCountOf(vector);
    const mostVectors = segments.reduce((most, { keys }) => Math.max(most, keys.length), 0);
    const mostBytes = segments
      .flatMap(({ windowSizes }) => windowSizes)
      .reduce((most, size) => Math.max(most, size), 0);
    kernel.configure(dataBlocks, mostPagesOf(vector), digestLength, WINDOW_BLOCKS, mostVectors, mostBytes);
    const { buffer } = kernel.memory;
    const source = await this.#sources.of(vector);
    let previous = -1;
    for (let row = 0; row < dataBlocks; row += WINDOW_BLOCKS) {
      const rows = Math.min(WINDOW_BLOCKS, dataBlocks - row);
      source.readBlocks(new Uint8Array(buffer, kernel.blocksAt(), rows * 4), row);
      source.readDigests(new Uint8Array(buffer, kernel.inputAt(), rows * digestLength), row);
      const blocks = new Uint32Array(buffer, kernel.blocksAt(), rows);
      const problem = problemOfBlocks(blocks, previous, blockCount);
      if (problem !== undefined) {
        throw source.corrupt(problem);
      }
      previous = blocks[rows - 1]!;
      kernel.takeRows(rows);
      await this.#turns.yieldIfDue();
    }
  }

  /**
   * Counts the blocks that the vector has in common with each vector of a segment. Returns the counts in the order of
   * the segment's keys.
   *
   * @param vectors the vectors of the segment, in the order of its keys; the counts of absent vectors must not be used
   * @throws `corrupt` if the segment is damaged, `changed` if the file of a vector that is read has changed, whatever
   *   reading throws, and `aborted`.
   */
  async countsWith(segment: Segment, vectors: readonly (HashVector | undefined)[]): Promise<Counts[]> {
    const kernel = this.#kernel;
    kernel.startSegment(segment.keys.length);
    const confirming = new Set<number>();
    const sums = new Uint32Array(kernel.memory.buffer, kernel.sumsAt(), segment.keys.length * SUMS);
    await segment.read(async (readNext) => {
      for (const size of segment.windowSizes) {
        await readNext(new Uint8Array(kernel.memory.buffer, kernel.windowAt(), size));
        if (!kernel.countWindow(size)) {
          throw damagedSegment(segment.path ?? 'the index', 'its checksum is wrong');
        }
        await this.#confirm(vectors, sums, confirming);
        await this.#turns.yieldIfDue();
      }
    });
    return segment.keys.map((_, index) => {
      const vector = vectors[index];
      if (vector !== undefined && sums[index * SUMS + NEXT_ROW] !== vector.dataBlocks) {
        throw damagedSegment(segment.path ?? 'the index', `its number of blocks of ${vector.name} is wrong`);
      }
      return { equal: sums[index * SUMS + EQUAL]!, common: sums[index * SUMS + COMMON]! };
    });
  }

  /**
   * Confirms the blocks of the current window whose digest prefixes are equal: reads digests of one vector after the
   * other until all of these blocks are confirmed. Adds the vectors that it reads to `confirming`.
   */
  async #confirm(
    vectors: readonly (HashVector | undefined)[],
    sums: Uint32Array,
    confirming: Set<number>,
  ): Promise<void> {
    for (const index of candidates(vectors, sums, confirming)) {
      if (this.#kernel.isConfirmed()) {
        return;
      }
      const rows = this.#kernel.rowsToCheck(index);
      if (rows > 0) {
        confirming.add(index);
        const vector = vectors[index]!;
        const source = await this.#sources.of(vector);
        const { buffer } = this.#kernel.memory;
        const target = new Uint8Array(buffer, this.#kernel.inputAt(), rows * vector.digestLength);
        source.readDigests(target, sums[index * SUMS + FIRST_ROW]!);
        this.#kernel.checkVector(index);
      }
    }
  }
}

/**
 * Yields the indices of the vectors with equal digest prefixes in the current window: first those in `confirming`, then
 * the others, the most similar first.
 */
function* candidates(
  vectors: readonly (HashVector | undefined)[],
  sums: Uint32Array,
  confirming: ReadonlySet<number>,
): Generator<number, void, undefined> {
  const equalIn = (index: number): number => sums[index * SUMS + EQUAL_IN_WINDOW]!;
  const known = new Set(confirming);
  yield* [...known].filter((index) => equalIn(index) > 0);
  const others: number[] = [];
  for (let index = 0; index < vectors.length; index++) {
    if (equalIn(index) > 0 && vectors[index] !== undefined && !known.has(index)) {
      others.push(index);
    }
  }
  yield* others.sort((one, other) => equalIn(other) - equalIn(one));
}

/**
 * The vectors that were read, with their files open. If `MOST_OPEN` vectors were read, all files are closed before
 * another is opened.
 */
class OpenSources {
  readonly #sources = new Map<HashVector, OpenSource>();

  async of(vector: HashVector): Promise<RowSource> {
    let source = this.#sources.get(vector);
    if (source === undefined) {
      await this.#makeRoom();
      source = await this.#open(vector);
      this.#sources.set(vector, source);
    }
    return source.rows;
  }

  /** @throws `changed` if a file was changed while it was open. */
  async requireUnchanged(): Promise<void> {
    for (const { file, storage } of this.#sources.values()) {
      if (file !== undefined && storage !== undefined) {
        requireSame(await statusOf(file), storage);
      }
    }
  }

  async close(): Promise<void> {
    for (const { file } of this.#sources.values()) {
      if (file !== undefined) {
        await closeRegularFile(file);
      }
    }
    this.#sources.clear();
  }

  async #makeRoom(): Promise<void> {
    if (this.#sources.size >= MOST_OPEN) {
      await this.requireUnchanged();
      await this.close();
    }
  }

  async #open(vector: HashVector): Promise<OpenSource> {
    const { storage, digestLength, name } = vector;
    if (storage?.kind === 'memory') {
      return { rows: new MemoryRows(storage, digestLength, name) };
    }
    if (storage !== undefined) {
      const file = await openUnchanged(storage);
      if (file.isLocal) {
        return { rows: new FileRows(storage, digestLength, file.descriptor), file, storage };
      }
      await closeRegularFile(file);
    }
    const copy = await locatedVector({ ...headerOf(vector), rows: () => vector.rows() }, undefined);
    return { rows: new MemoryRows(copy.storage as MemoryStorage, digestLength, name) };
  }
}

interface OpenSource {
  readonly rows: RowSource;
  readonly file?: LocatedFile;
  readonly storage?: FileStorage;
}
