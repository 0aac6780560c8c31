import type { VirtSimilarityError } from '../errors.js';
import type { CondensedMatrix, Dendrogram, Linkage } from './clusterer.js';

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
  /** Those of them that stand in another image too, at the same block number. */
  readonly repeatedBlocks: number;
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

/** Everything that a reporter may tell. Image i is leaf i of the trees and thing i of the matrix. */
export interface Analysis {
  readonly images: readonly AnalyzedImage[];
  readonly failures: readonly ImageFailure[];
  readonly parameters: AnalysisParameters;
  readonly distances: CondensedMatrix;
  readonly dendrogram: Dendrogram;
  readonly cladogram: Cladogram;
}
