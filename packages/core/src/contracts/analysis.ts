import type { VirtSimilarityError } from '../errors.js';
import type { CondensedMatrix, Dendrogram, Linkage } from './clusterer.js';
import type { HashVector } from './hash-vector.js';

/** One image that was hashed and compared. */
export interface AnalyzedImage {
  /** Unique among the analysis's images: the base name, or as much of the path as tells it apart. Any characters. */
  readonly name: string;
  /** The path as the user named it. */
  readonly path: string;
  /** Bytes that the guest sees. */
  readonly virtualSize: number;
  /** Blocks that are not all zeros. */
  readonly dataBlocks: number;
  /**
   * Those of them that another image has too, at the same block number. Absent where that was not counted, as after
   * `Analyzer.extend`.
   */
  readonly repeatedBlocks?: number | undefined;
  /**
   * Its hash vector, with the identity of the image; absent in analyses made by other programs. `pairRuns` lists where
   * two of them are equal, different or zero.
   */
  readonly vector?: HashVector;
}

/** Consecutive blocks of a pair of images that are alike in kind. */
export interface PairRun {
  /** Number of the first block. */
  readonly start: number;
  /** How many blocks, at least 1. */
  readonly blocks: number;
  /** `zero`: in both images; `equal`: the same data; `different`: everything else. */
  readonly kind: 'zero' | 'equal' | 'different';
}

/** One image that could not be hashed. */
export interface ImageFailure {
  /** The path as the user named it. */
  readonly path: string;
  readonly error: VirtSimilarityError;
}

/** How the hash vectors were made and compared. */
export interface AnalysisParameters {
  /** Name of the block hasher. */
  readonly algorithm: string;
  /** Bytes. */
  readonly blockSize: number;
  /** Name of the distance metric. */
  readonly metric: string;
  /** What a distance of 1 means. */
  readonly unit: string;
  readonly linkage: Linkage;
}

/** An inner node of a cladogram. */
export interface CladogramNode {
  /** The height of the merges it stands for. */
  readonly height: number;
  /**
   * At least two. A number below the dendrogram's `size` is that image; `size + k` is the node at index k,
   * which always stands before its parent. In the order of their first images.
   */
  readonly children: readonly number[];
}

/**
 * The dendrogram with merges of equal height that hang together drawn as one node.
 * Nodes are in ascending order of their making, the root last; none for a single image.
 */
export interface Cladogram {
  /** Number of leaves, at least 1. */
  readonly size: number;
  readonly nodes: readonly CladogramNode[];
}

/** Everything that a reporter may report. Image i is leaf i of the trees and item i of the matrix. */
export interface Analysis {
  readonly images: readonly AnalyzedImage[];
  readonly failures: readonly ImageFailure[];
  readonly parameters: AnalysisParameters;
  readonly distances: CondensedMatrix;
  readonly dendrogram: Dendrogram;
  readonly cladogram: Cladogram;
}
