import type { VirtSimilarityError, Wording } from '../errors.js';
import type { AnalyzedImage, Cladogram } from './analysis.js';
import type { CondensedMatrix, Dendrogram, Linkage } from './clusterer.js';
import type { ImageIdentity, Stamp } from './disk-image.js';
import type { DiskSource, ReaderDiagnosis } from './disk-reader.js';
import type { HashVector } from './hash-vector.js';
import type { Tile } from './tile.js';

/** The images of a run, as {@link Analyzer.findImages} finds them. */
export interface FoundImages {
  /** Each file once; those from the listing of a directory have `noFollow`. */
  readonly sources: readonly DiskSource[];
  /**
   * The directories in which the images were named or listed, absolute, symbolic links resolved: the files of their chains
   * may lie there. The directory of a named link counts, the one of its target does not.
   */
  readonly directories: readonly string[];
  /** By path, why an image fails already: a directory without images, or what its source says. */
  readonly failures: ReadonlyMap<string, VirtSimilarityError>;
}

/** The images of a run, as a user names them or as {@link Analyzer.findImages} found them. */
export type Images = readonly (string | DiskSource)[] | FoundImages;

/** How images are read and hashed. */
export interface HashOptions {
  /**
   * Name of a disk reader; `auto` leaves each image to the first registered one that recognises it, and asks those last
   * that take what they do not recognise, as the project's own do.
   */
  readonly reader?: string;
  /** Name of a block hasher. */
  readonly hasher?: string;
  /** Bytes; a power of two from 512 to 16 MiB. */
  readonly blockSize?: number;
  /**
   * Directory of cached hash vectors, made if it is missing; `false` to keep none. When absent, the analyzer's store keeps
   * them, if it has one.
   */
  readonly cache?: string | false;
  /** Worker threads that hash; at least 1. */
  readonly jobs?: number;
  /** Directories beside those of the named images in which backing files may lie. */
  readonly allowBacking?: readonly string[];
  /** Bytes that a disk may claim to have at most; one that claims more is `refused`. 64 TiB by default. */
  readonly maxVirtualSize?: number;
  /** Reads images that are open for writing too, with a warning; their vectors are not kept. */
  readonly allowInUse?: boolean;
  /** Whether tools that parse images must run in a sandbox (the default) or run without one. */
  readonly sandbox?: 'required' | 'off';
  /** Told what happens, as it happens. What it throws ends the work and is passed on as it is; so with `onNote`. */
  readonly onProgress?: (event: ProgressEvent) => void;
  /**
   * Takes one-line notes, instead of the analyzer's logger, on what is odd but no error; `debug` for what only a curious user wants to know. `wording` is the
   * message with its options apart, given where it may name some.
   */
  readonly onNote?: (level: 'warning' | 'debug', message: string, wording?: Wording) => void;
  /** Ends the work; what was under way is undone, what was finished stays in the store. */
  readonly signal?: AbortSignal;
}

/** How hash vectors are compared and clustered, on top of how they are made. */
export interface AnalyzeOptions extends HashOptions {
  /** Name of a distance metric. */
  readonly metric?: string;
  readonly linkage?: Linkage;
  /** Name of a clusterer. */
  readonly clusterer?: string;
}

/** What finding images needs to know. */
export type FindOptions = Pick<HashOptions, 'onNote' | 'signal'>;

/** What bounds a diagnosis. */
export type DiagnoseOptions = Pick<HashOptions, 'signal'>;

/** What a reader says of itself and this machine; only its name where it says nothing. */
export interface DiagnosedReader extends Partial<ReaderDiagnosis> {
  readonly reader: string;
  /** Why the diagnosis failed. */
  readonly problem?: VirtSimilarityError;
}

/** How hash vectors are compared and clustered. */
export type VectorOptions = Omit<AnalyzeOptions, keyof HashOptions> &
  Pick<HashOptions, 'jobs' | 'onProgress' | 'signal'>;

/** How an analysis is extended. Its metric stays; its linkage does unless another one is stated. */
export type ExtendOptions = Omit<VectorOptions, 'metric'>;

/** An item whose distances are known: its name, and what else is known about it. */
export type DistanceItem = string | (Pick<AnalyzedImage, 'name'> & Partial<AnalyzedImage>);

/** How items with known distances are clustered and described. */
export interface DistanceOptions extends ClusterOptions {
  /** What reports call the distance, `given` by default. */
  readonly metric?: string | undefined;
  /** What a distance of 1 means, `blocks` by default. */
  readonly unit?: string | undefined;
  /** Name of the block hasher, `none` by default. */
  readonly algorithm?: string | undefined;
  /** Bytes, 65,536 by default. */
  readonly blockSize?: number | undefined;
}

/** How hash vectors are compared. */
export type ComparisonOptions = Pick<AnalyzeOptions, 'metric' | 'jobs' | 'onProgress' | 'signal'>;

/** How a matrix of distances is clustered. */
export type ClusterOptions = Pick<AnalyzeOptions, 'clusterer' | 'linkage' | 'onProgress' | 'signal'>;

/** What bounds a report. */
export interface ReportRun {
  /** Ends a report by an isolated plugin. */
  readonly signal?: AbortSignal;
}

/** What happens to the images of a run, as it happens. Events that `onProgress` is given can be written by `JSON.stringify`. */
export type ProgressEvent =
  /**
   * The files that an image's content comes from are known, the top link's first; none for a hash-vector file. Before any
   * image is read, each has had this event or has failed.
   */
  | { readonly kind: 'image-identified'; readonly path: string; readonly files: readonly Stamp[] }
  /** An image is opened and its hashing begins; `bytes` is what has to be read of it. */
  | { readonly kind: 'image-started'; readonly path: string; readonly bytes: number }
  /** The same of an image that is the base of others and is read once for all of them. */
  | { readonly kind: 'backing-started'; readonly path: string; readonly bytes: number }
  /** So many more bytes of it have been read and hashed. */
  | { readonly kind: 'image-advanced'; readonly path: string; readonly bytes: number }
  /** Its vector is known; `cached`: without reading the image. */
  | { readonly kind: 'image-finished'; readonly path: string; readonly cached: boolean; readonly vector: HashVector }
  | { readonly kind: 'image-failed'; readonly path: string; readonly error: VirtSimilarityError }
  /** Of the blocks to compare, this fraction from 0 to 1 has been compared. */
  | { readonly kind: 'comparing'; readonly fraction: number }
  | { readonly kind: 'clustering'; readonly images: number };

/** What became of one image. */
export type HashOutcome =
  | { readonly path: string; readonly vector: HashVector; readonly cached: boolean }
  | { readonly path: string; readonly error: VirtSimilarityError };

/**
 * What is known of one image before it is read: its identity, and the reader that reads it. A hash-vector file has no
 * reader, and the identity that it records, if any.
 */
export type IdentifyOutcome =
  | { readonly path: string; readonly reader?: string; readonly identity?: ImageIdentity }
  | { readonly path: string; readonly error: VirtSimilarityError };

/** The distances of all pairs of some hash vectors. */
export interface Comparison {
  /** Name of the metric. */
  readonly metric: string;
  /** What a distance of 1 means. */
  readonly unit: string;
  readonly distances: CondensedMatrix;
  /** For each vector, its non-zero blocks that another one has at the same block number. */
  readonly repeatedBlocks: Float64Array;
}

/** The distances of some hash vectors, the rows, from others, the columns. */
export interface TileComparison extends Pick<Comparison, 'metric' | 'unit'> {
  /** Row-major: that of row r and column c is at r × number of columns + c. */
  readonly distances: Float64Array;
  /** What the distances were computed from. */
  readonly tile: Tile;
}

/** A matrix of distances, clustered. */
export interface Clustering {
  readonly linkage: Linkage;
  readonly dendrogram: Dendrogram;
  readonly cladogram: Cladogram;
}
