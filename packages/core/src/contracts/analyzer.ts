import type { Wording } from '../errors.js';
import type { Analysis } from './analysis.js';
import type { CondensedMatrix } from './clusterer.js';
import type { Command } from './command.js';
import type { DiskImage, DiskStream } from './disk-image.js';
import type { DiskSource } from './disk-reader.js';
import type { Executor } from './executor.js';
import type { HashVector } from './hash-vector.js';
import type { OptionDeclarations, OptionValues } from './options.js';
import type { NamedPart, PartKind } from './plugin.js';
import type { ReportCircumstances, Reporter } from './reporter.js';
import type {
  AnalyzeOptions,
  Clustering,
  ClusterOptions,
  Comparison,
  ComparisonOptions,
  DiagnosedPart,
  DiagnoseOptions,
  DistanceItem,
  DistanceOptions,
  ExtendOptions,
  FindOptions,
  FoundImages,
  HashOptions,
  HashOutcome,
  IdentifyOutcome,
  Images,
  ReportRun,
  TileComparison,
  VectorOptions,
} from './stages.js';

/** A registered plugin. */
export interface ListedPlugin {
  readonly name: string;
  readonly version?: string | undefined;
  /** The options that it accepts. */
  readonly declared: OptionDeclarations;
  /** The values of its options, defaults included. */
  readonly options: OptionValues;
}

/** A part that a plugin registered. */
export interface Registration {
  readonly kind: PartKind;
  readonly name: string;
  /** Name of the plugin. */
  readonly plugin: string;
  /** The URL of the plugin's module, if the plugin states it. */
  readonly url: string | undefined;
}

/** The stages, composed from plugins. Created by `createAnalyzer`. */
export interface Analyzer {
  /** The plugins with the values of their options, in the order of registration. */
  readonly plugins: readonly ListedPlugin[];

  /** The registered parts, without replaced parts, by kind and then in the order of registration. */
  readonly registrations: readonly Registration[];

  /**
   * Diagnoses the readers, except those that delegate to other readers, and the sources that have a `diagnose` method.
   * Returns what they need from this machine and what works: first the readers, then the sources, both in the order of
   * registration. A diagnosis that fails is returned as a `problem`, not thrown.
   *
   * @throws `usage` for invalid options, `plugin` if a reader or source cannot be constructed, and `aborted`.
   */
  diagnose(options?: DiagnoseOptions): Promise<readonly DiagnosedPart[]>;

  /**
   * Finds the images that `hash` and `analyze` would read: replaces each directory by the images in it, and omits
   * duplicates. Sends notes about what is left out. Pass the result to the next stage, so that directories are listed
   * and notes are sent only once.
   *
   * @throws `usage` if an option, path, format or label is invalid, a source finds no image for a word, no reader
   *   supports a stated format, a file is named with two formats or labels, or two images have the same label.
   * @throws `unreadable` if a directory cannot be listed, `refused` if it has too many entries, `unavailable` if a
   *   system resource is exhausted, `plugin` if a source or reader cannot be constructed, or a source fails or lists an
   *   invalid image, any other error of this project that a source throws, and `aborted`.
   */
  findImages(images: readonly (string | DiskSource)[], options?: FindOptions): Promise<FoundImages>;

  /**
   * Inspects several images at a time without hashing their content. Yields each outcome when it is known, in any
   * order. A failed image is an outcome, not an exception.
   *
   * @throws as `findImages`; `usage` for an invalid option, an unknown reader, or a path in `allowBacking` that is not
   *   that of a directory; `refused` if such a path ends in a symbolic link of another user; `plugin` if the reader
   *   cannot be constructed; `aborted` when interrupted; and what a callback throws.
   */
  identify(images: Images, options?: HashOptions): AsyncIterable<IdentifyOutcome>;

  /**
   * Opens one image for reading its content. The caller closes the image. No session of a reader is started, so the
   * libguestfs reader starts a separate appliance for each opened image. If `image` names several images, as a
   * directory can, use `findImages` first and open them one by one.
   *
   * @throws as `identify`, `usage` if `image` is a hash-vector file or does not name exactly one image, and what
   *   finding, inspecting or opening the image throws.
   */
  open(image: string | DiskSource, options?: HashOptions): Promise<DiskImage | DiskStream>;

  /**
   * Hashes images and opens hash-vector files, several at a time. Yields each outcome when it is known, in any order. A
   * failed image is an outcome, not an exception. Leaving the loop early stops the work, and closes the images and all
   * threads that no other run uses, before control returns.
   *
   * @throws as `identify`; `usage` if the hasher is unknown, if the hash-vector files differ in hasher or block size
   *   from each other or from the options, or if threads would construct another hasher; `refused` if the cache cannot
   *   be trusted; `plugin` if the hasher cannot be constructed, its module throws, or the executor breaks its contract;
   *   `unavailable` if the hasher's module does not load within the time limit; and what the executor throws.
   */
  hash(images: Images, options?: HashOptions): AsyncIterable<HashOutcome>;

  /**
   * Compares all pairs of hash vectors, from `hash` or from elsewhere.
   *
   * @throws `usage` if an option is invalid, the metric is unknown, there are no vectors or more than 65,532, or they
   *   differ in hasher, hasher version, digest length or block size; `plugin` if the metric fails or the executor
   *   breaks its contract; `unavailable` if threads or memory are not available, or an isolated metric exceeds its time
   *   limit; `aborted`; what reading the vectors throws, such as `changed` if a vector's file was changed; and what the
   *   executor throws.
   */
  compare(vectors: readonly HashVector[], options?: ComparisonOptions): Promise<Comparison>;

  /**
   * Compares each row vector with each column vector, for example a new image with many that were hashed before.
   * No other pairs are compared.
   *
   * @throws as `compare`, but `usage` if `rows` or `columns` is empty, or if both have more than 65,532 vectors and the
   *   metric compares blocks by position.
   */
  compareWith(
    rows: readonly HashVector[],
    columns: readonly HashVector[],
    options?: ComparisonOptions,
  ): Promise<TileComparison>;

  /**
   * Clusters a distance matrix, from `compare` or from elsewhere.
   *
   * @throws `usage` if an option is invalid, the clusterer is unknown, or it rejects the linkage or the matrix;
   *   `plugin` if the clusterer fails; `unavailable` if threads or memory are not available, or an isolated clusterer
   *   exceeds its time limit; and `aborted`.
   */
  cluster(distances: CondensedMatrix, options?: ClusterOptions): Promise<Clustering>;

  /**
   * Hashes, compares and clusters. Images that fail are in the analysis's `failures`.
   *
   * @throws as `hash`, `compare` and `cluster`. If fewer than two images can be compared, throws the failure of the
   *   first image that failed, or `usage` if none failed. If the available memory certainly cannot hold the results of
   *   all pairs, throws `unavailable` before any image is hashed.
   */
  analyze(images: Images, options?: AnalyzeOptions): Promise<Analysis>;

  /**
   * Compares and clusters hash vectors, which can be in memory or in files. The `name` of a vector becomes the path of
   * its image in the analysis.
   *
   * @throws as `compare` and `cluster`.
   */
  analyzeVectors(vectors: readonly HashVector[], options?: VectorOptions): Promise<Analysis>;

  /**
   * Adds hash vectors to an analysis and returns the larger analysis. Counts only the pairs with an added vector, then
   * clusters all images. The images of the given analysis come first and keep their names. `repeatedBlocks` and
   * `annotations` are absent from the result.
   *
   * The images of the given analysis must have the hash vectors that it was made from. Each vector's algorithm, block
   * size, virtual size and number of data blocks are compared with the analysis, and also its key, if both keys are
   * known (see `AnalyzedImage.vectorKey`). If a key is unknown, a change that affects none of the four values is not
   * noticed.
   *
   * @throws `usage` if the options state a metric, the analysis lacks images, an image of the analysis has no hash
   *   vector or a vector that does not match, or two images have the same path; and as `compareWith`, `compare` and
   *   `cluster`.
   */
  extend(analysis: Analysis, vectors: readonly HashVector[], options?: ExtendOptions): Promise<Analysis>;

  /**
   * Clusters items with known distances and returns an analysis for `report`. If an item does not state its
   * `virtualSize` or `dataBlocks`, the analysis has 0 for it.
   *
   * @throws `usage` if two items have the same name, the number of items is not the matrix's size, or the matrix is not
   *   a distance matrix, and as `cluster`.
   */
  analyzeDistances(
    items: readonly DistanceItem[],
    distances: CondensedMatrix,
    options?: DistanceOptions,
  ): Promise<Analysis>;

  /**
   * Yields the named reporter's text, in pieces.
   *
   * @throws `usage` for an unknown reporter, an unknown or invalid option, or a reporter with a binary format; `plugin`
   *   if the reporter cannot be constructed or fails; `unavailable` if a system resource is exhausted; what reading the
   *   rows of the analysis's hash vectors throws; and, for an isolated reporter, `unavailable` if it exceeds its time
   *   limit, and `aborted`.
   */
  report(reporter: string, analysis: Analysis, options?: OptionValues, run?: ReportRun): AsyncIterable<string>;

  /** As {@link report}, but yields bytes, and also accepts reporters with a binary format. Text is encoded in UTF-8. */
  reportBytes(reporter: string, analysis: Analysis, options?: OptionValues, run?: ReportRun): AsyncIterable<Uint8Array>;

  /**
   * As {@link report}, but yields the text of the reporter's companion, for binary formats too. Yields nothing if the
   * reporter has no companion.
   */
  companion(reporter: string, analysis: Analysis, options?: OptionValues, run?: ReportRun): AsyncIterable<string>;

  /**
   * Returns one line for each fact that a user should know about a report, such as which programs cannot open it, or
   * which information is missing if its companion is not written. `isCompanionWritten` is `false` by default.
   *
   * @throws as {@link report}, but not for a binary format.
   */
  warnings(
    reporter: string,
    analysis: Analysis,
    options?: OptionValues,
    run?: ReportRun & Partial<ReportCircumstances>,
  ): Promise<readonly Wording[]>;

  /**
   * Hashes and compares for all methods of this analyzer. A program that receives requests from another machine calls
   * the executor directly.
   */
  readonly executor: Executor;

  /**
   * The reporters, with their extensions, options and companions. Reading this property constructs them.
   *
   * @throws `usage` if two reporters have the same extension, and `plugin` if a reporter cannot be constructed.
   */
  readonly reporters: readonly NamedPart<Reporter>[];

  /**
   * The plugins' commands, for a program that offers them. Reading this property constructs them.
   *
   * @throws `plugin` if a command cannot be constructed.
   */
  readonly commands: readonly NamedPart<Command>[];

  /**
   * Returns the version that hash vectors record for a hasher (see `BlockHasher.version`); `undefined` if they record
   * none: such vectors are not cached. Constructs the hasher.
   *
   * @throws `usage` for an unknown name, and `plugin` if the hasher cannot be constructed or its version is invalid.
   */
  hasherVersion(name: string): string | undefined;
}
