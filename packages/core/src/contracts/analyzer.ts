import type { VirtSimilarityError } from '../errors.js';
import type { Analysis, Cladogram } from './analysis.js';
import type { CondensedMatrix, Dendrogram, Linkage } from './clusterer.js';
import type { Command } from './command.js';
import type { ImageIdentity, Stamp } from './disk-image.js';
import type { DiskSource, ReaderDiagnosis } from './disk-reader.js';
import type { Executor } from './executor.js';
import type { HashVector } from './hash-vector.js';
import type { OptionDeclarations, OptionValues } from './options.js';
import type { NamedPart, PartKind } from './plugin.js';
import type { Reporter } from './reporter.js';
import type { Tile } from './tile.js';

/** A plugin that is registered. */
export interface ListedPlugin {
  readonly name: string;
  readonly version?: string | undefined;
  /** The options that it takes. */
  readonly declared: OptionDeclarations;
  /** The values of its options, defaults included. */
  readonly options: OptionValues;
}

/** One part that a plugin registered. */
export interface Registration {
  readonly kind: PartKind;
  readonly name: string;
  /** Name of the plugin. */
  readonly plugin: string;
  /** Where the plugin was imported from, if it has a url. */
  readonly url: string | undefined;
}

/** The images of a run, as {@link Analyzer.findImages} finds them. */
export interface FoundImages {
  /** Each file once; those from the listing of a directory have `noFollow`. */
  readonly sources: readonly DiskSource[];
  /**
   * The directories in which the images were named or listed, absolute, symbolic links resolved: the files of their chains
   * may lie there. The directory of a named link counts, the one of its target does not.
   */
  readonly directories: readonly string[];
  /** By path, why a source fails: directories that were named and in which there is no image. */
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
  /** Takes one-line notes on what is odd but no error; `debug` for what only a curious user wants to know. */
  readonly onNote?: (level: 'warning' | 'debug', message: string) => void;
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
  readonly problem?: string;
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

/** What happens to the images of a run, as it happens. */
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

/** The stages, composed from plugins. Get one from `createAnalyzer`. */
export interface Analyzer {
  /** The plugins with the values of their options, in the order of registration. */
  readonly plugins: readonly ListedPlugin[];

  /** Everything that is registered, in the order of registration. */
  readonly registrations: readonly Registration[];

  /** What the readers need of this machine, and what works, in the order of registration. Throws `aborted`. */
  diagnose(options?: DiagnoseOptions): Promise<readonly DiagnosedReader[]>;

  /**
   * Finds the images that `hash` and `analyze` would read: replaces each directory by the images in it, and leaves out
   * what was named before. Notes what is left out. Pass the result on, so that directories are listed and notes are
   * made once. Throws `usage` where a format is stated that no reader has, and `unreadable` where a directory cannot be
   * listed.
   */
  findImages(images: readonly (string | DiskSource)[], options?: FindOptions): Promise<FoundImages>;

  /**
   * Inspects images without reading their content, several at a time; yields each outcome as it is known, so in any order.
   * A failed image is an outcome, not an exception. Throws as `hash`.
   */
  identify(images: Images, options?: HashOptions): AsyncIterable<IdentifyOutcome>;

  /**
   * Hashes images and reads hash-vector files, several at a time; yields each outcome as it is done, so in any order.
   * A failed image is an outcome, not an exception. Throws `usage` on unusable options, `aborted` when interrupted, and
   * what a callback throws. Whoever leaves the loop ends the work: threads and images are closed when it is left.
   */
  hash(images: Images, options?: HashOptions): AsyncIterable<HashOutcome>;

  /**
   * Compares all pairs of hash vectors, from `hash` or from elsewhere. Throws `usage` where they were not made alike or
   * there is none, `plugin` where the metric fails, `aborted`, `unavailable` where threads or memory are missing, and what
   * reading the vectors throws.
   */
  compare(vectors: readonly HashVector[], options?: ComparisonOptions): Promise<Comparison>;

  /**
   * Compares each of some hash vectors with each of others, such as one image more with many that were hashed before. Costs
   * these pairs only. Throws as `compare`.
   */
  compareWith(
    rows: readonly HashVector[],
    columns: readonly HashVector[],
    options?: ComparisonOptions,
  ): Promise<TileComparison>;

  /**
   * Clusters a matrix of distances, from `compare` or from elsewhere. Throws `usage` on a linkage that the clusterer does
   * not have, and on a matrix that is not one of distances, `plugin` where the clusterer fails, and `aborted`.
   */
  cluster(distances: CondensedMatrix, options?: ClusterOptions): Promise<Clustering>;

  /**
   * Hashes, compares and clusters. Images that fail are in the analysis's `failures`; with fewer than two good ones it
   * throws: the first failure, or a `usage` error where nothing failed. Throws as `hash`, `plugin` where the metric or
   * the clusterer fails, and `unavailable` where threads are missing, or memory for all pairs: if that is sure, before
   * anything is hashed.
   */
  analyze(images: Images, options?: AnalyzeOptions): Promise<Analysis>;

  /**
   * The text of the named reporter, in pieces. Throws `usage` on an unknown reporter or option, `plugin` where the
   * reporter fails, and where it is isolated `unavailable` and `aborted` too.
   */
  report(reporter: string, analysis: Analysis, options?: OptionValues, run?: ReportRun): AsyncIterable<string>;

  /** As {@link report}: the text that goes beside the report in a file, empty if there is none. */
  companion(reporter: string, analysis: Analysis, options?: OptionValues, run?: ReportRun): AsyncIterable<string>;

  /** As {@link report}: one line on what readers of the report miss without its companion, empty if nothing. */
  omission(reporter: string, analysis: Analysis, options?: OptionValues, run?: ReportRun): AsyncIterable<string>;

  /** What hashes and compares for `hash`, `analyze`, `compare` and `compareWith`: for a program that takes requests from elsewhere. */
  readonly executor: Executor;

  /** The reporters, for their extensions, options and companions. Constructs them. */
  readonly reporters: readonly NamedPart<Reporter>[];

  /** The commands of plugins, for a program that offers them. Constructs them. */
  readonly commands: readonly NamedPart<Command>[];

  /** The version that hash vectors record for a hasher; without one its vectors are not cached. Constructs the hasher. */
  hasherVersion(name: string): string | undefined;
}
