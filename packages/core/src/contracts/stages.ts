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
   * The images, including those in `failures`. A file that was named repeatedly by paths in the same directory occurs
   * only once. Images from a directory listing have `noFollow`.
   */
  readonly sources: readonly DiskSource[];
  /**
   * The directories in which the images were named or listed, and those of the backing files that a source stated;
   * absolute, symbolic links resolved. Files of the images' chains are allowed in these directories. If an image was
   * named by a symbolic link, its directory is that of the link, not that of the link's target. A directory is left out
   * if its path ends in a symbolic link of another user, or if all images that were named in it have failed or do not
   * exist.
   */
  readonly directories: readonly string[];
  /** The errors of images that have already failed, by path, such as a directory without images. */
  readonly failures: ReadonlyMap<string, VirtSimilarityError>;
}

/** The images of a run, as named by the user or as found by {@link Analyzer.findImages}. */
export type Images = readonly (string | DiskSource)[] | FoundImages;

/** The options for reading and hashing images. */
export interface HashOptions {
  /**
   * Name of a disk reader; `auto` by default. `auto` reads each image with the first registered reader that recognises
   * the image. Readers with `fallback`, such as `raw`, `qemu` and `libguestfs`, are asked last.
   */
  readonly reader?: string | undefined;
  /** Name of a block hasher. By default that of the hash-vector files among the images, or else `sha256`. */
  readonly hasher?: string | undefined;
  /**
   * Size of a block in bytes; a power of two from 512 to 16 MiB. By default that of the hash-vector files among the
   * images, or else 65,536.
   */
  readonly blockSize?: number | undefined;
  /**
   * Directory for cached hash vectors, created if missing; `false` disables caching. When absent, the run uses the
   * store of the analyzer, if the analyzer has one.
   */
  readonly cache?: string | false | undefined;
  /** Whether to search the subdirectories of a named directory too, up to 32 levels; `false` by default. */
  readonly recursive?: boolean | undefined;
  /**
   * Glob patterns of files and directories to leave out, whether they are named or found in a directory. A pattern
   * without a slash, such as `*.iso`, is compared with the last component of a path. A pattern with a slash, such as
   * `old/*.img`, is compared with the last components. A pattern that begins with a slash is compared with the absolute
   * path.
   */
  readonly exclude?: readonly string[] | undefined;
  /** Number of worker threads, from 1 to 1024; by default one for each processor that is available. */
  readonly jobs?: number | undefined;
  /** Directories below which backing files are allowed at any depth, in addition to the directories of the images. */
  readonly allowBacking?: readonly string[] | undefined;
  /** The largest allowed virtual size in bytes; larger disks are `refused`. 64 TiB by default. */
  readonly maxVirtualSize?: number | undefined;
  /**
   * Whether to read images that are open for writing, with a warning; `false` by default. Their vectors are not stored.
   */
  readonly allowInUse?: boolean | undefined;
  /** Whether tools that parse images run in a sandbox (`required`, the default) or without one (`off`). */
  readonly sandbox?: 'required' | 'off' | undefined;
  /** The keys of encrypted disks, see `readDiskKey`. Encrypted disks without a key are compared as ciphertext. */
  readonly keys?: readonly DiskKey[] | undefined;
  /**
   * Whether hash vectors of decrypted content are stored too; `false` by default. Anyone who can read a vector can
   * confirm a guess at the content of a block.
   */
  readonly cacheDecrypted?: boolean | undefined;
  /**
   * Receives progress events. An exception from this callback or from `onNote` ends the work, and is thrown unchanged.
   */
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
  /**
   * Receives one-line notes instead of the analyzer's logger: `warning` for anomalies that are not errors, `debug` for
   * details. `wording` is the message with its options kept separate; it can be absent if the message names no options.
   */
  readonly onNote?: ((level: 'warning' | 'debug', message: string, wording?: Wording) => void) | undefined;
  /** Aborts the work. Unfinished work is discarded, and vectors that are already stored stay in the store. */
  readonly signal?: AbortSignal | undefined;
}

/** The options for comparing and clustering, in addition to those for hashing. */
export interface AnalyzeOptions extends HashOptions {
  /** Name of a distance metric; `hamming` by default. */
  readonly metric?: string | undefined;
  /** A linkage that the clusterer supports; `single` by default. */
  readonly linkage?: Linkage | undefined;
  /** Name of a clusterer; `auto` by default. */
  readonly clusterer?: string | undefined;
}

/** The options for finding images. */
export type FindOptions = Pick<HashOptions, 'allowInUse' | 'recursive' | 'exclude' | 'onNote' | 'signal'>;

/** The options for a diagnosis. */
export type DiagnoseOptions = Pick<HashOptions, 'signal'>;

/**
 * The diagnosis of a reader or source. For a part without `diagnose`, only the kind and name are present; for a part
 * whose diagnosis failed, only the kind, the name and the `problem`.
 */
export interface DiagnosedPart extends Partial<PartDiagnosis> {
  readonly kind: 'reader' | 'source';
  readonly name: string;
  /** The error, if the diagnosis failed. */
  readonly problem?: VirtSimilarityError | undefined;
}

/** Options that all have a value. */
export type Complete<Options> = { readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined> };

/** The options for comparing and clustering hash vectors. */
export type VectorOptions = Omit<AnalyzeOptions, keyof HashOptions> &
  Pick<HashOptions, 'jobs' | 'onProgress' | 'signal'>;

/** The options for extending an analysis. The metric is that of the analysis, and so is the linkage by default. */
export type ExtendOptions = Omit<VectorOptions, 'metric'>;

/** An item with known distances: only its name, or its name and other known properties. */
export type DistanceItem = string | (Pick<AnalyzedImage, 'name'> & Partial<AnalyzedImage>);

/** The options for clustering and describing items with known distances. */
export interface DistanceOptions extends ClusterOptions {
  /** Name of the distance in reports; `given` by default. */
  readonly metric?: string | undefined;
  /** Unit of the distances; `blocks` by default. */
  readonly unit?: string | undefined;
  /** Name of the block hasher in reports; `none` by default. */
  readonly algorithm?: string | undefined;
  /** Size of a block in reports, in bytes; 65,536 by default. */
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

/**
 * A progress event of a run. `JSON.stringify` accepts the events that the `onProgress` of an analyzer's method
 * receives, writes their bigints as decimal strings, and leaves out the rows of vectors.
 */
export type ProgressEvent =
  /**
   * The files of an image's chain are known. `files` has those of the top link first, and none for a hash-vector file.
   * Before any image is read, this event has been reported for every image that has not failed.
   */
  | { readonly kind: 'image-identified'; readonly path: string; readonly files: readonly FileStamp[] }
  /**
   * An image is open and its hashing begins. `bytes` is the amount to read; for a disk whose size is not yet known (see
   * `DiskStream`), the size of the image's files.
   */
  | { readonly kind: 'image-started'; readonly path: string; readonly bytes: number }
  /** As `image-started`, for a backing image that is read once for all images above it. */
  | { readonly kind: 'backing-started'; readonly path: string; readonly bytes: number }
  /** `bytes` more of the image, or of the backing image that was started with this path, have been read and hashed. */
  | { readonly kind: 'image-advanced'; readonly path: string; readonly bytes: number }
  /**
   * The image's vector is known. `cached` is true if the vector came from the store or from a hash-vector file, so that
   * the image was not read.
   */
  | { readonly kind: 'image-finished'; readonly path: string; readonly cached: boolean; readonly vector: HashVector }
  | { readonly kind: 'image-failed'; readonly path: string; readonly error: VirtSimilarityError }
  /** The fraction of the comparison that is done, from 0 to 1. */
  | { readonly kind: 'comparing'; readonly fraction: number }
  | { readonly kind: 'clustering'; readonly images: number };

/** The result of hashing one image: its vector, or else the error. `cached` is as in the event `image-finished`. */
export type HashOutcome =
  | { readonly path: string; readonly vector: HashVector; readonly cached: boolean; readonly error?: undefined }
  | FailedOutcome<'vector' | 'cached'>;

/** The failure of one image. Declares the members of a success as absent, so that both can be destructured alike. */
export type FailedOutcome<Others extends string> = {
  readonly path: string;
  readonly error: VirtSimilarityError;
} & { readonly [Name in Others]?: undefined };

/**
 * The result of inspecting one image: its identity and the name of its reader, or else the error. A hash-vector file
 * has no reader; its identity is that of the image that was hashed, if the file records it.
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

/** The distances of each pair of a row vector and a column vector. */
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
