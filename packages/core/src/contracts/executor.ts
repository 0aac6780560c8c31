import type { InjectionToken } from 'tsyringe';
import type { DiskSource, ReadOptions } from './disk-reader.js';
import type { DistanceMetric } from './distance-metric.js';
import type { LocatedVector } from './hash-vector.js';
import type { HashOptions, HashOutcome, ProgressEvent } from './stages.js';
import type { PairwiseCounts, Tile } from './tile.js';

/** Images that are to be hashed, and how. */
export interface HashRequest
  extends Pick<ReadOptions, 'allowedDirectories' | 'allowedTrees'>,
    Required<Pick<HashOptions, 'reader' | 'hasher' | 'blockSize' | 'maxVirtualSize' | 'allowInUse' | 'sandbox'>>,
    Pick<HashOptions, 'cache'> {
  /** Each path once. */
  readonly sources: readonly DiskSource[];
}

/** Hash vectors of which all pairs are to be counted. */
export interface CompareRequest extends Pick<DistanceMetric, 'alignment'> {
  readonly vectors: readonly LocatedVector[];
}

/** Hash vectors of which each row is to be counted against each column. */
export interface TileRequest extends Pick<DistanceMetric, 'alignment'> {
  readonly rows: readonly LocatedVector[];
  readonly columns: readonly LocatedVector[];
}

/** What comes with a request but is not part of it: threads, callbacks and a signal. */
export interface ExecutionRun {
  /** Threads of this machine. */
  readonly jobs: number;
  readonly onProgress: (event: ProgressEvent) => void;
  readonly onNote: NonNullable<HashOptions['onNote']>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does the two expensive stages, hashing and comparing: on threads of this machine, or elsewhere.
 *
 * Requests and counts are plain data for a structured clone, which can be posted and, as long as their vectors are in files,
 * stored; `sentOutcome` makes such of an outcome. Paths count from the working directory. Requests can be split: a request for
 * several images into requests for some of them, a tile into smaller ones. They can be repeated: a request that is made twice
 * has the same result.
 *
 * Every method ends soon after the signal of its run has fired: the analyzer waits for it.
 */
export interface Executor {
  /** As `Analyzer.hash`: one outcome for each source, in any order. */
  hash(request: HashRequest, run: ExecutionRun): AsyncIterable<HashOutcome>;

  /**
   * What each pair of the vectors has in common; of those that are aligned by position also how many of each vector's
   * blocks another one has. Reports `comparing`, from 0 to 1.
   *
   * @throws as `Analyzer.compare`.
   */
  compare(request: CompareRequest, run: ExecutionRun): Promise<PairwiseCounts>;

  /** What each row has in common with each column. Otherwise as `compare`. */
  compareWith(request: TileRequest, run: ExecutionRun): Promise<Tile>;
}

/**
 * Injects what hashes and compares. Register it in the container of `createAnalyzer` to have these stages done by an
 * executor of your own.
 */
export const EXECUTOR: InjectionToken<Executor> = Symbol.for('virt-similarity.executor');

/**
 * Injects the executor that uses this machine's threads, for one of your own that leaves some or all work to it. It belongs to
 * one analyzer: an executor that injects it must not be shared, as singletons of a container of several analyzers are.
 */
export const LOCAL_EXECUTOR: InjectionToken<Executor> = Symbol.for('virt-similarity.local-executor');
