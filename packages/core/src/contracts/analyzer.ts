import type { Analysis } from './analysis.js';
import type { CondensedMatrix } from './clusterer.js';
import type { Command } from './command.js';
import type { DiskSource } from './disk-reader.js';
import type { Executor } from './executor.js';
import type { HashVector } from './hash-vector.js';
import type { OptionDeclarations, OptionValues } from './options.js';
import type { NamedPart, PartKind } from './plugin.js';
import type { Reporter } from './reporter.js';
import type {
  AnalyzeOptions,
  Clustering,
  ClusterOptions,
  Comparison,
  ComparisonOptions,
  DiagnosedReader,
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

/** The stages, composed from plugins. Get one from `createAnalyzer`. */
export interface Analyzer {
  /** The plugins with the values of their options, in the order of registration. */
  readonly plugins: readonly ListedPlugin[];

  /** Everything that is registered, in the order of registration. */
  readonly registrations: readonly Registration[];

  /**
   * What the readers need of this machine, and what works, in the order of registration.
   *
   * @throws `aborted`.
   */
  diagnose(options?: DiagnoseOptions): Promise<readonly DiagnosedReader[]>;

  /**
   * Finds the images that `hash` and `analyze` would read: replaces each directory by the images in it, and leaves out
   * what was named before. Notes what is left out. Pass the result on, so that directories are listed and notes are
   * made once.
   *
   * @throws `usage` where a format is stated that no reader has, a file is named in two formats, or two images have one
   *   label, `unreadable` where a directory cannot be listed, what a source throws, and `aborted`.
   */
  findImages(images: readonly (string | DiskSource)[], options?: FindOptions): Promise<FoundImages>;

  /**
   * Inspects images without reading their content, several at a time; yields each outcome as it is known, so in any
   * order. A failed image is an outcome, not an exception.
   *
   * @throws as `hash`.
   */
  identify(images: Images, options?: HashOptions): AsyncIterable<IdentifyOutcome>;

  /**
   * Hashes images and reads hash-vector files, several at a time; yields each outcome as it is done, so in any order. A
   * failed image is an outcome, not an exception. Whoever leaves the loop ends the work: threads and images are closed
   * when it is left.
   *
   * @throws `usage` on unusable options, `aborted` when interrupted, and what a callback throws.
   */
  hash(images: Images, options?: HashOptions): AsyncIterable<HashOutcome>;

  /**
   * Compares all pairs of hash vectors, from `hash` or from elsewhere.
   *
   * @throws `usage` where they were not made alike or there is none, `plugin` where the metric fails, `aborted`,
   *   `unavailable` where threads or memory are missing, and what reading the vectors throws.
   */
  compare(vectors: readonly HashVector[], options?: ComparisonOptions): Promise<Comparison>;

  /**
   * Compares each of some hash vectors with each of others, such as one image more with many that were hashed before.
   * Costs these pairs only.
   *
   * @throws as `compare`.
   */
  compareWith(
    rows: readonly HashVector[],
    columns: readonly HashVector[],
    options?: ComparisonOptions,
  ): Promise<TileComparison>;

  /**
   * Clusters a matrix of distances, from `compare` or from elsewhere.
   *
   * @throws `usage` on a linkage that the clusterer does not have, and on a matrix that is not one of distances,
   *   `plugin` where the clusterer fails, and `aborted`.
   */
  cluster(distances: CondensedMatrix, options?: ClusterOptions): Promise<Clustering>;

  /**
   * Hashes, compares and clusters. Images that fail are in the analysis's `failures`; with fewer than two good ones it
   * throws: the first failure, or a `usage` error where nothing failed.
   *
   * @throws as `hash`, `plugin` where the metric or the clusterer fails, and `unavailable` where threads are missing,
   *   or memory for all pairs: if that is sure, before anything is hashed.
   */
  analyze(images: Images, options?: AnalyzeOptions): Promise<Analysis>;

  /**
   * Compares and clusters hash vectors, in memory or in files. Their names are the images' paths.
   *
   * @throws as `compare` and `cluster`.
   */
  analyzeVectors(vectors: readonly HashVector[], options?: VectorOptions): Promise<Analysis>;

  /**
   * Adds hash vectors to an analysis whose images have theirs. Counts only the pairs of the new ones, and clusters anew. The
   * images of the analysis come first and keep their names; `repeatedBlocks` is not counted.
   *
   * @throws `usage` where an image of the analysis has no vector, or a new vector has the name of another one, and as
   *   `compare` and `cluster`.
   */
  extend(analysis: Analysis, vectors: readonly HashVector[], options?: ExtendOptions): Promise<Analysis>;

  /**
   * Clusters items whose distances come from elsewhere, for `report`. What is unknown about an item counts as 0 bytes and 0
   * blocks.
   *
   * @throws `usage` where two items have one name or their number is not the matrix's size, and as `cluster`.
   */
  analyzeDistances(
    items: readonly DistanceItem[],
    distances: CondensedMatrix,
    options?: DistanceOptions,
  ): Promise<Analysis>;

  /**
   * The text of the named reporter, in pieces.
   *
   * @throws `usage` on an unknown reporter or option, `plugin` where the reporter fails, and where it is isolated
   *   `unavailable` and `aborted` too.
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
