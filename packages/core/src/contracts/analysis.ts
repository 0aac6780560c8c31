import type { VirtSimilarityError } from '../errors.js';
import type { CondensedMatrix, Dendrogram, Linkage } from './clusterer.js';
import type { Encryption } from './disk-image.js';
import type { HashVector } from './hash-vector.js';

/** One image that was hashed and compared. */
export interface AnalyzedImage {
  /**
   * The name in reports, unique within the analysis: the image's label or, without a label, usually the base name or
   * the last components of its path. Can contain any characters.
   */
  readonly name: string;
  /**
   * The path, as the user or a source named it; for an image from `analyzeVectors` or `extend`, the name of its hash
   * vector; for an item of `analyzeDistances`, the stated path, or else its name.
   */
  readonly path: string;
  /** Size of the guest-visible disk in bytes. */
  readonly virtualSize: number;
  /** Blocks that are not all zeros. */
  readonly dataBlocks: number;
  /**
   * Data blocks that another image also has at the same block number. Absent if they were not counted, for example
   * by `Analyzer.extend`.
   */
  readonly repeatedBlocks?: number | undefined;
  /**
   * The key of its hash vector (see `vectorKeyOf`), by which `Analyzer.extend` recognises an image that has changed.
   * Absent if the vector's identity is unknown or volatile.
   */
  readonly vectorKey?: string | undefined;
  /**
   * Set if an image of the chain is known to be encrypted, completely or in a partition: `ciphertext` if any part was
   * compared as ciphertext, otherwise `decrypted`.
   */
  readonly encryption?: Encryption | undefined;
  /**
   * The image's hash vector; absent if it is unknown, for example in an analysis that was read from a report.
   * `pairRuns` lists where two vectors are equal, different or zero.
   */
  readonly vector?: HashVector | undefined;
}

/** A run of consecutive blocks of the same kind in a pair of images. */
export interface PairRun {
  /** Number of the first block. */
  readonly start: number;
  /** Number of blocks, at least 1. */
  readonly blocks: number;
  /** `zero`: zero in both images; `equal`: the same data; `different`: everything else. */
  readonly kind: 'zero' | 'equal' | 'different';
}

/** One image that could not be hashed. */
export interface ImageFailure {
  /** The path as the user named it. */
  readonly path: string;
  readonly error: VirtSimilarityError;
}

/** How the hash vectors were made, compared and clustered. */
export interface AnalysisParameters {
  /** Name of the block hasher. */
  readonly algorithm: string;
  /** Size of a block in bytes. */
  readonly blockSize: number;
  /** Name of the distance metric. */
  readonly metric: string;
  /** The unit of distances. */
  readonly unit: string;
  readonly linkage: Linkage;
}

/** An inner node of a cladogram. */
export interface CladogramNode {
  /** The height of the merges that the node represents, which are equal up to rounding. */
  readonly height: number;
  /**
   * At least two, in the order of their first images. A number below `Cladogram.size` is an image; `size + k` is the
   * node at index k. Children precede their parents in `nodes`.
   */
  readonly children: readonly number[];
}

/**
 * A dendrogram in which connected merges of equal height are combined into one node. Nodes are in the order of their
 * last merges, so the root is last. The cladogram of a single image has no nodes.
 */
export interface Cladogram {
  /** Number of leaves, at least 1. */
  readonly size: number;
  readonly nodes: readonly CladogramNode[];
}

/** A column of values that the user states for images, such as their hosts or owners. */
export interface Annotation {
  /** Unique among the annotations. Both the name and the values can contain any characters. */
  readonly name: string;
  /** The value of each image; empty for an image without a value. */
  readonly values: readonly string[];
}

/** The data for a report. Image i is leaf i of the trees and item i of the matrix. */
export interface Analysis {
  readonly images: readonly AnalyzedImage[];
  readonly failures: readonly ImageFailure[];
  readonly parameters: AnalysisParameters;
  readonly distances: CondensedMatrix;
  readonly dendrogram: Dendrogram;
  readonly cladogram: Cladogram;
  /** Set if the user annotated the images. */
  readonly annotations?: readonly Annotation[] | undefined;
}
