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

  /** All registered parts, in the order of registration within each kind. */
  readonly registrations: readonly Registration[];

  /**
   * Diagnoses the readers, and the sources that need something from this machine. Returns what they need and what
   * works, in the order of registration.
   *
   * @throws `aborted`.
   */
  diagnose(options?: DiagnoseOptions): Promise<readonly DiagnosedPart[]>;

  /**
   * Finds the images that `hash` and `analyze` would read: replaces each directory by the images in it, and omits
   * duplicates. Sends notes about what is left out. Pass the result to the next stage, so that directories are listed
   * and notes are sent only once.
   *
   * @throws `usage` if a source finds no image for a word, no reader supports a stated format, a file is named with two
   *   formats, or two images have the same label; `unreadable` if a directory cannot be listed; what a source throws;
   *   and `aborted`.
   */
  findImages(images: readonly (string | DiskSource)[], options?: FindOptions): Promise<FoundImages>;

  /**
   * Inspects several images at a time without reading their content. Yields each outcome when it is known, in any
   * order. A failed image is an outcome, not an exception.
   *
   * @throws as `hash`.
   */
  identify(images: Images, options?: HashOptions): AsyncIterable<IdentifyOutcome>;

  /**
   * Opens one image for reading its content. The caller closes it. No session of a reader is started, so the libguestfs
   * reader starts a separate appliance for each image.
   *
   * @throws `usage` for invalid options, for a hash-vector file, and if no reader supports a stated format; and what
   *   makes `hash` fail for an image.
   */
  open(image: string | DiskSource, options?: HashOptions): Promise<DiskImage | DiskStream>;

  /**
   * Hashes images and reads hash-vector files, several at a time. Yields each outcome when it is done, in any order. A
   * failed image is an outcome, not an exception. Leaving the loop early stops the work and closes threads and images
   * before control returns.
   *
   * @throws as `findImages`, `usage` for invalid options, `refused` if the cache cannot be trusted, `plugin` if the
   *   reader or the hasher cannot be constructed, `aborted` when interrupted, and what a callback throws.
   */
  hash(images: Images, options?: HashOptions): AsyncIterable<HashOutcome>;

  /**
   * Compares all pairs of hash vectors, from `hash` or from elsewhere.
   *
   * @throws `usage` if there are none or they differ in hasher, hasher version or block size, `plugin` if the metric
   *   fails, `aborted`, `unavailable` if threads or memory are not available, and what reading the vectors throws.
   */
  compare(vectors: readonly HashVector[], options?: ComparisonOptions): Promise<Comparison>;

  /**
   * Compares each row vector with each column vector, for example a new image with many that were hashed before.
   * No other pairs are compared.
   *
   * @throws as `compare`.
   */
  compareWith(
    rows: readonly HashVector[],
    columns: readonly HashVector[],
    options?: ComparisonOptions,
  ): Promise<TileComparison>;

  /**
   * Clusters a distance matrix, from `compare` or from elsewhere.
   *
   * @throws `usage` if the clusterer does not support the linkage or the matrix is not a distance matrix, `plugin` if
   *   the clusterer fails, and `aborted`.
   */
  cluster(distances: CondensedMatrix, options?: ClusterOptions): Promise<Clustering>;

  /**
   * Hashes, compares and clusters. Images that fail are in the analysis's `failures`. With fewer than two usable images
   * it throws the first failure, or a `usage` error if none failed.
   *
   * @throws as `hash`, `plugin` if the metric or the clusterer fails, and `unavailable` if threads or the memory for
   *   all pairs are not available; before anything is hashed, if the memory cannot suffice.
   */
  analyze(images: Images, options?: AnalyzeOptions): Promise<Analysis>;

  /**
   * Compares and clusters hash vectors, which may be in memory or in files. The name of a vector is its image's path.
   *
   * @throws as `compare` and `cluster`.
   */
  analyzeVectors(vectors: readonly HashVector[], options?: VectorOptions): Promise<Analysis>;

  /**
   * Adds hash vectors to an analysis. Counts only the pairs with a new vector, then clusters all images. The images of
   * the analysis come first and keep their names; `repeatedBlocks` is not counted.
   *
   * The vectors must be those that the analysis was made from. Their algorithm, block size, virtual size and number of
   * data blocks are compared with the analysis, and their keys, if both are known (see `AnalyzedImage.vectorKey`).
   * Without keys, a change that leaves the others the same is not noticed.
   *
   * @throws `usage` if an image of the analysis has no hash vector or another one, or two images have the same path,
   *   and as `compare` and `cluster`.
   */
  extend(analysis: Analysis, vectors: readonly HashVector[], options?: ExtendOptions): Promise<Analysis>;

  /**
   * Clusters items with known distances and returns an analysis for `report`. An item has 0 bytes and 0 blocks unless it
   * states others.
   *
   * @throws `usage` if two items have the same name or the number of items is not the matrix's size, and as `cluster`.
   */
  analyzeDistances(
    items: readonly DistanceItem[],
    distances: CondensedMatrix,
    options?: DistanceOptions,
  ): Promise<Analysis>;

  /**
   * Yields the named reporter's text, in pieces.
   *
   * @throws `usage` for an unknown reporter or option or a binary format, `plugin` if the reporter fails, and for an
   *   isolated reporter also `unavailable` and `aborted`.
   */
  report(reporter: string, analysis: Analysis, options?: OptionValues, run?: ReportRun): AsyncIterable<string>;

  /** As {@link report}, but yields bytes, those of a text in UTF-8. Binary formats are only available in this way. */
  reportBytes(reporter: string, analysis: Analysis, options?: OptionValues, run?: ReportRun): AsyncIterable<Uint8Array>;

  /** As {@link report}, but yields the companion text, which is written beside the report; nothing if there is none. */
  companion(reporter: string, analysis: Analysis, options?: OptionValues, run?: ReportRun): AsyncIterable<string>;

  /**
   * Returns what a user should know about the report: which programs cannot open it, and what it lacks because its
   * companion is not written. Each line says what to do.
   *
   * @throws as {@link report}.
   */
  warnings(
    reporter: string,
    analysis: Analysis,
    options?: OptionValues,
    run?: ReportRun & Partial<ReportCircumstances>,
  ): Promise<readonly Wording[]>;

  /**
   * Hashes and compares for all methods of this analyzer. Programs that receive requests from elsewhere call it
   * directly.
   */
  readonly executor: Executor;

  /**
   * The reporters, with their extensions, options and companions. Reading this property constructs them.
   *
   * @throws `usage` if two reporters have the same extension, and `plugin` if a reporter cannot be constructed.
   */
  readonly reporters: readonly NamedPart<Reporter>[];

  /** The plugins' commands, for a program that offers them. Reading this property constructs them. */
  readonly commands: readonly NamedPart<Command>[];

  /**
   * Returns the version that hash vectors record for a hasher; `undefined` if it has none and its vectors are not
   * cached. Constructs the hasher.
   *
   * @throws `usage` for an unknown name, and `plugin` if the hasher cannot be constructed or its version is invalid.
   */
  hasherVersion(name: string): string | undefined;
}
