import type { InjectionToken } from 'tsyringe';
import type { DiskSource, ReadOptions } from './disk-reader.js';
import type { DistanceMetric } from './distance-metric.js';
import type { HashVector, LocatedVector } from './hash-vector.js';
import type { Complete, HashOptions, HashOutcome, ProgressEvent } from './stages.js';
import type { PairwiseCounts, Tile } from './tile.js';

/**
 * A request to hash images. For the other members, see the members of the same names in `ReadOptions` and
 * `HashOptions`.
 */
export interface HashRequest
  extends Pick<ReadOptions, 'allowedDirectories' | 'allowedTrees'>,
    Complete<Pick<HashOptions, 'reader' | 'hasher' | 'blockSize' | 'maxVirtualSize' | 'allowInUse' | 'sandbox'>>,
    Pick<HashOptions, 'cache' | 'cacheDecrypted'> {
  /** The images; each path occurs once. */
  readonly sources: readonly DiskSource[];
}

/** A request to compare all pairs of hash vectors. */
export interface CompareRequest extends Pick<DistanceMetric, 'alignment'> {
  readonly vectors: readonly LocatedVector[];
}

/** A request to compare each row vector with each column vector. */
export interface TileRequest extends Pick<DistanceMetric, 'alignment'> {
  readonly rows: readonly LocatedVector[];
  readonly columns: readonly LocatedVector[];
}

/** The local context of a request: threads, keys, open hash vectors, callbacks and a signal. */
export interface ExecutionRun extends Pick<HashOptions, 'keys'> {
  /** Number of threads to use on this machine. */
  readonly jobs: number;
  /**
   * The hash-vector files among the sources that are already open, by path. An executor on this machine need not open
   * them again.
   */
  readonly openVectors?: ReadonlyMap<string, HashVector> | undefined;
  readonly onProgress: (event: ProgressEvent) => void;
  readonly onNote: NonNullable<HashOptions['onNote']>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the two expensive stages, hashing and comparing, on threads of this machine or elsewhere.
 *
 * Requests and counts are plain data that supports structured cloning, so they can be posted to threads. They can be
 * stored too, unless a request has vectors in memory. `sentOutcome` converts an outcome to plain data. Relative paths
 * refer to the working directory. A hash request can be split into requests for fewer images, and a tile request into
 * smaller tiles. A repeated request has the same result as long as its files do not change.
 *
 * Every method must end soon after the signal of its run has fired, because the analyzer waits for the method.
 */
export interface Executor {
  /**
   * Hashes images as `Analyzer.hash` does: yields one outcome for each source, in any order. A failed image is an
   * outcome, not an exception.
   */
  hash(request: HashRequest, run: ExecutionRun): AsyncIterable<HashOutcome>;

  /**
   * Counts the equal blocks of each pair of vectors. With the alignment `position`, also counts each vector's blocks
   * that another vector has at the same block number. Reports `comparing` progress from 0 to 1.
   *
   * @throws as `Analyzer.compare`.
   */
  compare(request: CompareRequest, run: ExecutionRun): Promise<PairwiseCounts>;

  /** As `compare`, but only counts the equal blocks of each pair of a row vector and a column vector. */
  compareWith(request: TileRequest, run: ExecutionRun): Promise<Tile>;
}

/**
 * Injects the executor. Register your own in the container of `createAnalyzer` to replace how images are hashed and
 * compared.
 */
export const EXECUTOR: InjectionToken<Executor> = Symbol.for('virt-similarity.executor');

/**
 * Injects the executor that uses this machine's threads, so that your own executor can delegate work to it. Each
 * analyzer has its own: an executor into which it is injected must not be shared by analyzers, for example as a
 * singleton.
 */
export const LOCAL_EXECUTOR: InjectionToken<Executor> = Symbol.for('virt-similarity.local-executor');
