import type { VirtSimilarityError, Wording } from '../errors.js';
import type { AnalyzedImage, Cladogram } from './analysis.js';
import type { CondensedMatrix, Dendrogram, Linkage } from './clusterer.js';
import type { FileStamp, ImageIdentity } from './disk-image.js';
import type { DiskKey } from './disk-key.js';
import type { DiskSource, PartDiagnosis } from './disk-reader.js';
import type { HashVector } from './hash-vector.js';
import type { Tile } from './tile.js';

/** The images of a run, as {@link Analyzer.findImages} finds them. */
export interface FoundImages {
  /**
   * The images. A file that was named repeatedly in one directory occurs once. Images from a directory listing have
   * `noFollow`.
   */
  readonly sources: readonly DiskSource[];
  /**
   * The directories in which the images were named or listed, and those of the backing files that a source stated:
   * absolute, symbolic links resolved. Files of the images' chains may be in these directories. For a symbolic link,
   * this is the directory of the link, not of its target.
   */
  readonly directories: readonly string[];
  /** Images that have already failed, by path: directories without images, and failures that a source reported. */
  readonly failures: ReadonlyMap<string, VirtSimilarityError>;
}

/** The images of a run, as named by the user or as found by {@link Analyzer.findImages}. */
export type Images = readonly (string | DiskSource)[] | FoundImages;

/** The options for reading and hashing images. */
export interface HashOptions {
  /**
   * Name of a disk reader. `auto` leaves each image to the first registered reader that recognises it; readers that
   * accept what they do not recognise, like the project's own, are asked last.
   */
  readonly reader?: string | undefined;
  /** Name of a block hasher. */
  readonly hasher?: string | undefined;
  /** Size of a block in bytes; a power of two from 512 to 16 MiB. */
  readonly blockSize?: number | undefined;
  /**
   * Directory for cached hash vectors, created if missing; `false` disables caching. When absent, the analyzer's store
   * is used, if it has one.
   */
  readonly cache?: string | false | undefined;
  /** Whether a directory also means the images in its subdirectories, up to 32 levels; `false` by default. */
  readonly recursive?: boolean | undefined;
  /**
   * Glob patterns of files and directories to leave out, whether they are named or found in a directory. A pattern
   * without a slash applies to names, such as `*.iso`; one with a slash to the ends of paths, such as `old/*.img`; one
   * that begins with a slash to absolute paths.
   */
  readonly exclude?: readonly string[] | undefined;
  /** Number of worker threads, at least 1. */
  readonly jobs?: number | undefined;
  /** Directories, in addition to those of the named images, that may contain backing files at any depth. */
  readonly allowBacking?: readonly string[] | undefined;
  /** The largest allowed virtual size in bytes; larger disks are `refused`. 64 TiB by default. */
  readonly maxVirtualSize?: number | undefined;
  /** Whether to read images that are open for writing, with a warning. Their vectors are not stored. */
  readonly allowInUse?: boolean | undefined;
  /** Whether tools that parse images run in a sandbox (`required`, the default) or without one (`off`). */
  readonly sandbox?: 'required' | 'off' | undefined;
  /** The keys of encrypted disks, see `readDiskKey`. Encrypted disks without a key are compared as ciphertext. */
  readonly keys?: readonly DiskKey[] | undefined;
  /**
   * Whether hash vectors of decrypted content are stored too. Anyone who can read a vector can confirm a guess at the
   * content of a block.
   */
  readonly cacheDecrypted?: boolean | undefined;
  /** Receives progress events. An exception from this callback or `onNote` ends the work and is rethrown unchanged. */
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
  /**
   * Receives one-line notes instead of the analyzer's logger: `warning` for anomalies that are not errors, `debug` for
   * details. `wording` is the message with its options kept separate; passed if the message may name options.
   */
  readonly onNote?: ((level: 'warning' | 'debug', message: string, wording?: Wording) => void) | undefined;
  /** Aborts the work. Unfinished work is discarded, and finished vectors stay in the store. */
  readonly signal?: AbortSignal | undefined;
}

/** The options for comparing and clustering, in addition to those for hashing. */
export interface AnalyzeOptions extends HashOptions {
  /** Name of a distance metric. */
  readonly metric?: string | undefined;
  readonly linkage?: Linkage | undefined;
  /** Name of a clusterer. */
  readonly clusterer?: string | undefined;
}

/** The options for finding images. */
export type FindOptions = Pick<HashOptions, 'allowInUse' | 'recursive' | 'exclude' | 'onNote' | 'signal'>;

/** The options for a diagnosis. */
export type DiagnoseOptions = Pick<HashOptions, 'signal'>;

/** The diagnosis of a reader or source; only its kind and name if it does not implement `diagnose`. */
export interface DiagnosedPart extends Partial<PartDiagnosis> {
  readonly kind: 'reader' | 'source';
  readonly name: string;
  /** The error, if the diagnosis failed. */
  readonly problem?: VirtSimilarityError | undefined;
}

/** Options with a value for each. */
export type Complete<Options> = { readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined> };

/** The options for comparing and clustering hash vectors. */
export type VectorOptions = Omit<AnalyzeOptions, keyof HashOptions> &
  Pick<HashOptions, 'jobs' | 'onProgress' | 'signal'>;

/**
 * The options for extending an analysis. Its metric stays the same, and so does its linkage unless another one is
 * given.
 */
export type ExtendOptions = Omit<VectorOptions, 'metric'>;

/** An item with known distances: its name, or its name and other known properties. */
export type DistanceItem = string | (Pick<AnalyzedImage, 'name'> & Partial<AnalyzedImage>);

/** The options for clustering and describing items with known distances. */
export interface DistanceOptions extends ClusterOptions {
  /** Name of the distance in reports; `given` by default. */
  readonly metric?: string | undefined;
  /** Unit of the distances; `blocks` by default. */
  readonly unit?: string | undefined;
  /** Name of the block hasher; `none` by default. */
  readonly algorithm?: string | undefined;
  /** Bytes; 65,536 by default. */
  readonly blockSize?: number | undefined;
}

/** The options for comparing hash vectors. */
export type ComparisonOptions = Pick<AnalyzeOptions, 'metric' | 'jobs' | 'onProgress' | 'signal'>;

/** The options for clustering a distance matrix. */
export type ClusterOptions = Pick<AnalyzeOptions, 'clusterer' | 'linkage' | 'onProgress' | 'signal'>;

/** The runtime options of a report. */
export interface ReportRun {
  /** Aborts a report of an isolated plugin. */
  readonly signal?: AbortSignal | undefined;
}

/** A progress event of a run. `JSON.stringify` accepts the events that `onProgress` receives. */
export type ProgressEvent =
  /**
   * The files of an image's chain are known, the top link's first; none for a hash-vector file. Every image has had
   * this event or has failed before any image is read.
   */
  | { readonly kind: 'image-identified'; readonly path: string; readonly files: readonly FileStamp[] }
  /** An image is open and its hashing begins; `bytes` is the amount to read. */
  | { readonly kind: 'image-started'; readonly path: string; readonly bytes: number }
  /** The same for a backing image that is read once for all images above it. */
  | { readonly kind: 'backing-started'; readonly path: string; readonly bytes: number }
  /** `bytes` more of the image have been read and hashed. */
  | { readonly kind: 'image-advanced'; readonly path: string; readonly bytes: number }
  /** The image's vector is known; `cached` if the image was not read. */
  | { readonly kind: 'image-finished'; readonly path: string; readonly cached: boolean; readonly vector: HashVector }
  | { readonly kind: 'image-failed'; readonly path: string; readonly error: VirtSimilarityError }
  /** The fraction of the comparison that is done, from 0 to 1. */
  | { readonly kind: 'comparing'; readonly fraction: number }
  | { readonly kind: 'clustering'; readonly images: number };

/** The result of hashing one image: its vector, or else the error. */
export type HashOutcome =
  | { readonly path: string; readonly vector: HashVector; readonly cached: boolean; readonly error?: undefined }
  | FailedOutcome<'vector' | 'cached'>;

/** The failure of one image, without the members of its other outcome, so that both can be destructured alike. */
export type FailedOutcome<Others extends string> = {
  readonly path: string;
  readonly error: VirtSimilarityError;
} & { readonly [Name in Others]?: undefined };

/**
 * The result of inspecting one image: its identity and its reader. A hash-vector file has no reader, and only the
 * identity that it records, if any.
 */
export type IdentifyOutcome =
  | {
      readonly path: string;
      readonly reader?: string | undefined;
      readonly identity?: ImageIdentity | undefined;
      readonly error?: undefined;
    }
  | FailedOutcome<'reader' | 'identity'>;

/** The distances of all pairs of hash vectors. */
export interface Comparison {
  /** Name of the metric. */
  readonly metric: string;
  /** The unit of distances. */
  readonly unit: string;
  readonly distances: CondensedMatrix;
  /** For each vector, the number of its non-zero blocks that another vector has at the same block number. */
  readonly repeatedBlocks: Float64Array;
}

/** The distances between some hash vectors, the rows, and others, the columns. */
export interface TileComparison extends Pick<Comparison, 'metric' | 'unit'> {
  /** Row-major: the distance of row r and column c is at index r × number of columns + c. */
  readonly distances: Float64Array;
  /** The counts from which the distances were computed. */
  readonly tile: Tile;
}

/** The result of clustering a distance matrix. */
export interface Clustering {
  readonly linkage: Linkage;
  readonly dendrogram: Dendrogram;
  readonly cladogram: Cladogram;
}
