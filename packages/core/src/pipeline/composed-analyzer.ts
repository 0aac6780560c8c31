import { validateMatrix } from '../clustering/condensed-matrix.js';
import { completeOptionValues } from '../composition/option-values.js';
import type { PartRegistry } from '../composition/part-registry.js';
import type { Analysis } from '../contracts/analysis.js';
import type { Analyzer, ListedPlugin, Registration } from '../contracts/analyzer.js';
import type { CondensedMatrix } from '../contracts/clusterer.js';
import type { Command } from '../contracts/command.js';
import type { DiskImage, DiskStream } from '../contracts/disk-image.js';
import type { DiskReader, DiskSource } from '../contracts/disk-reader.js';
import type { Executor } from '../contracts/executor.js';
import type { HashVector } from '../contracts/hash-vector.js';
import type { OptionValues } from '../contracts/options.js';
import type { NamedPart } from '../contracts/plugin.js';
import type { ReportCircumstances, Reporter } from '../contracts/reporter.js';
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
} from '../contracts/stages.js';
import { requirePairMemory } from '../distance/require-pair-memory.js';
import { asNote, excerptOf, VirtSimilarityError, type Wording } from '../errors.js';
import { type ExecutionContext, HashRun } from '../execution/hash-run.js';
import { type CompleteOptions, completeOptions, type MethodWithOptions, runOf } from '../execution/options.js';
import { reportBy, warningsBy } from '../isolation/plugin-calls.js';
import { unlessAborted } from '../unless-aborted.js';
import { requireVectors } from '../vectors/require-vectors.js';
import { renamedVector } from '../vectors/vector-header.js';
import { allowedTrees } from './allowed-trees.js';
import { analysisOf, analysisOfDistances, type NamedVector, namedVectors, requireOwnNames } from './analysis-of.js';
import { ciphertextWarning } from './ciphertext-warning.js';
import { type ComparisonContext, clusteringOf, comparisonOf, comparisonWith } from './comparison-stages.js';
import { diagnosedPart } from './diagnosed-part.js';
import { extendedDistances, extendedImages } from './extended-analysis.js';
import { findImages } from './find-images.js';
import { hashParametersOf, openVectors } from './hash-parameters.js';
import { checkedOutcomes, requestOf } from './hash-requests.js';
import { requireKnownFormats } from './known-formats.js';
import { placed, requireKnownNames, requireOwnExtensions, requireSameInThreads } from './placed-parts.js';
import { sizeEffect } from './size-effect.js';

/** The analyzer that composes the stages from the parts of a registry. */
export class ComposedAnalyzer implements Analyzer {
  readonly #context: ExecutionContext;
  readonly #registry: PartRegistry;
  readonly executor: Executor;

  constructor(context: ExecutionContext, executor: Executor) {
    this.#context = context;
    this.#registry = context.registry;
    this.executor = executor;
  }

  get plugins(): readonly ListedPlugin[] {
    return this.#registry.plugins;
  }

  get registrations(): readonly Registration[] {
    return this.#registry.registrations;
  }

  get reporters(): readonly NamedPart<Reporter>[] {
    const reporters = this.#registry.all('reporter');
    requireOwnExtensions(reporters);
    return reporters;
  }

  get commands(): readonly NamedPart<Command>[] {
    return this.#registry.all('command');
  }

  hasherVersion(name: string): string | undefined {
    return this.#registry.identifyHasher(name).version;
  }

  async diagnose(options: DiagnoseOptions = {}): Promise<readonly DiagnosedPart[]> {
    const { signal } = this.#complete('diagnose', options);
    const run = { signal };
    const sources = this.#registry.all('source').filter(({ part }) => part.diagnose !== undefined);
    return Promise.all([
      ...this.#readers().map((reader) => diagnosedPart('reader', reader, run)),
      ...sources.map((source) => diagnosedPart('source', source, run)),
    ]);
  }

  async findImages(images: readonly (string | DiskSource)[], options: FindOptions = {}): Promise<FoundImages> {
    return this.#find(images, this.#complete('findImages', options));
  }

  async *identify(images: Images, options: HashOptions = {}): AsyncGenerator<IdentifyOutcome> {
    const complete = this.#complete('identify', options);
    requireKnownNames(this.#registry, { reader: complete.reader });
    const found = await this.#find(images, complete);
    for (const [path, error] of found.failures) {
      yield { path, error };
    }
    const request = requestOf(found, await allowedTrees(complete.allowBacking), complete);
    yield* HashRun.identify(this.#context, request, runOf(complete));
  }

  async open(image: string | DiskSource, options: HashOptions = {}): Promise<DiskImage | DiskStream> {
    const complete = this.#complete('open', options);
    requireKnownNames(this.#registry, { reader: complete.reader });
    const found = await this.#find([image], complete);
    for (const error of found.failures.values()) {
      throw error;
    }
    const request = requestOf(found, await allowedTrees(complete.allowBacking), complete);
    return HashRun.open(this.#context, request, runOf(complete));
  }

  async *hash(images: Images, options: HashOptions = {}): AsyncGenerator<HashOutcome> {
    const complete = this.#complete('hash', options);
    requireKnownNames(this.#registry, { reader: complete.reader, hasher: options.hasher });
    const found = await this.#find(images, complete);
    const vectors = await openVectors(found, complete.signal);
    yield* this.#hash(found, vectors, { ...complete, ...hashParametersOf(vectors, options, complete) });
  }

  async compare(vectors: readonly HashVector[], options: ComparisonOptions = {}): Promise<Comparison> {
    requireVectors('compare', vectors);
    const { comparison } = await comparisonOf(this.#parts, vectors, this.#complete('compare', options));
    return comparison;
  }

  async compareWith(
    rows: readonly HashVector[],
    columns: readonly HashVector[],
    options: ComparisonOptions = {},
  ): Promise<TileComparison> {
    requireVectors('compareWith', rows);
    requireVectors('compareWith', columns);
    return comparisonWith(this.#parts, rows, columns, this.#complete('compareWith', options));
  }

  async cluster(distances: CondensedMatrix, options: ClusterOptions = {}): Promise<Clustering> {
    const complete = this.#complete('cluster', options);
    this.#requireClusterer(complete);
    return clusteringOf(this.#registry, distances, complete);
  }

  async analyze(images: Images, options: AnalyzeOptions = {}): Promise<Analysis> {
    const given = this.#complete('analyze', options);
    // Without a stated hasher, the hash vectors among the images can determine it.
    requireKnownNames(this.#registry, { ...given, hasher: options.hasher });
    await this.#requireImportable(given);
    const found = await this.#find(images, given);
    const opened = await openVectors(found, given.signal);
    const complete = { ...given, ...hashParametersOf(opened, options, given) };
    requireKnownNames(this.#registry, { hasher: complete.hasher });
    // Checked first, since reading the images can take hours.
    requirePairMemory(found.sources.length, this.#registry.find('metric', complete.metric));
    const outcomes = new Map<string, HashOutcome>();
    for await (const outcome of this.#hash(found, opened, complete)) {
      outcomes.set(outcome.path, outcome);
    }
    const ordered = found.sources.map(({ path }) => outcomes.get(path)!);
    const failures = ordered.filter((outcome) => outcome.error !== undefined);
    // An executor may have hashed an image under another name.
    const vectors = ordered.flatMap((each) =>
      each.vector !== undefined ? [renamedVector(each.vector, each.path)] : [],
    );
    if (vectors.length < 2) {
      throw failures[0]?.error ?? tooFew(vectors);
    }
    const labels = new Map(found.sources.map(({ path, label }) => [path, label]));
    const recorded = new Map([...opened].map(([path, { name }]) => [path, name]));
    const archives = new Map(found.sources.map(({ path, archive }) => [path, archive]));
    return this.#analyzed(namedVectors(vectors, labels, recorded, archives), failures, complete);
  }

  async analyzeVectors(vectors: readonly HashVector[], options: VectorOptions = {}): Promise<Analysis> {
    const complete = this.#complete('analyzeVectors', options);
    requireVectors('analyzeVectors', vectors);
    this.#requireClusterer(complete);
    return this.#analyzed(namedVectors(vectors), [], complete);
  }

  async extend(analysis: Analysis, vectors: readonly HashVector[], options: ExtendOptions = {}): Promise<Analysis> {
    const { metric, unit, linkage } = analysis.parameters;
    if ('metric' in options && options.metric !== undefined) {
      throw new VirtSimilarityError('usage', `extend keeps the metric of the analysis, ${metric}; leave out metric`);
    }
    const complete = this.#complete('extend', { ...options, linkage: options.linkage ?? linkage, metric });
    this.#requireClusterer(complete);
    requireVectors('extend', vectors);
    const images = extendedImages(analysis, vectors);
    const distances = await extendedDistances(this.#parts, analysis, images, complete);
    const clustering = await clusteringOf(this.#registry, distances, complete);
    return analysisOf(images, { metric, unit, distances }, clustering, analysis.failures);
  }

  async analyzeDistances(
    items: readonly DistanceItem[],
    distances: CondensedMatrix,
    options: DistanceOptions = {},
  ): Promise<Analysis> {
    const { metric: _metric, unit: _unit, algorithm: _algorithm, blockSize: _blockSize, ...clusterOptions } = options;
    const complete = this.#complete('analyzeDistances', clusterOptions);
    this.#requireClusterer(complete);
    validateMatrix(distances);
    requireOwnNames(items, distances.size);
    const clustering = await clusteringOf(this.#registry, distances, complete);
    return analysisOfDistances(items, distances, clustering, options);
  }

  async *report(
    name: string,
    analysis: Analysis,
    options: OptionValues = {},
    run: ReportRun = {},
  ): AsyncGenerator<string> {
    const { reporter, complete, limits } = await this.#placedReporter(name, options, run);
    if (reporter.part.isBinary) {
      const found = `expected a reporter of text, found ${name}, which yields bytes`;
      throw new VirtSimilarityError('usage', `${found}; call reportBytes instead of report`);
    }
    yield* reportBy(reporter, 'report', analysis, complete, limits) as AsyncGenerator<string>;
  }

  async *reportBytes(
    name: string,
    analysis: Analysis,
    options: OptionValues = {},
    run: ReportRun = {},
  ): AsyncGenerator<Uint8Array> {
    const { reporter, complete, limits } = await this.#placedReporter(name, options, run);
    for await (const piece of reportBy(reporter, 'report', analysis, complete, limits)) {
      yield typeof piece === 'string' ? Buffer.from(piece) : piece;
    }
  }

  async *companion(
    name: string,
    analysis: Analysis,
    options: OptionValues = {},
    run: ReportRun = {},
  ): AsyncGenerator<string> {
    const { reporter, complete, limits } = await this.#placedReporter(name, options, run);
    yield* reportBy(reporter, 'companion', analysis, complete, limits) as AsyncGenerator<string>;
  }

  async warnings(
    name: string,
    analysis: Analysis,
    options: OptionValues = {},
    { isCompanionWritten = false, ...run }: ReportRun & Partial<ReportCircumstances> = {},
  ): Promise<readonly Wording[]> {
    const { reporter, complete, limits } = await this.#placedReporter(name, options, run);
    return warningsBy(reporter, analysis, complete, { isCompanionWritten }, limits);
  }

  async #analyzed(
    images: readonly NamedVector[],
    failures: Analysis['failures'],
    options: CompleteOptions,
  ): Promise<Analysis> {
    const vectors = images.map(({ vector }) => vector);
    const { comparison, kinship } = await comparisonOf(this.#parts, vectors, options);
    const clustering = await clusteringOf(this.#registry, comparison.distances, options);
    const analysis = analysisOf(images, comparison, clustering, failures);
    const warning = sizeEffect(analysis.images, clustering.dendrogram, kinship);
    if (warning !== undefined) {
      options.onNote('warning', ...asNote(warning));
    }
    return analysis;
  }

  get #parts(): ComparisonContext {
    return { registry: this.#registry, executor: this.executor };
  }

  #complete(method: MethodWithOptions, options: AnalyzeOptions): CompleteOptions {
    return completeOptions(method, options, this.#registry.logger);
  }

  async *#hash(
    found: FoundImages,
    opened: ReadonlyMap<string, HashVector>,
    options: CompleteOptions,
  ): AsyncGenerator<HashOutcome> {
    for (const [path, error] of found.failures) {
      options.onProgress({ kind: 'image-failed', path, error });
      yield { path, error };
    }
    const request = requestOf(found, await allowedTrees(options.allowBacking), options);
    const sources = new Map(request.sources.map((source) => [source.path, source]));
    const run = { ...runOf(options), openVectors: opened };
    for await (const outcome of checkedOutcomes(this.executor.hash(request, run), request)) {
      const warning = ciphertextWarning(sources.get(outcome.path)!, outcome.vector?.identity);
      if (warning !== undefined) {
        options.onNote('warning', ...asNote(warning));
      }
      yield outcome;
    }
  }

  async #find(images: Images, complete: CompleteOptions): Promise<FoundImages> {
    requireImages(images);
    if ('sources' in images) {
      return images;
    }
    const readers = this.#readers();
    requireKnownFormats(images, readers);
    const names = this.#registry.names('source');
    const registered = { names, get: (name: string) => this.#registry.find('source', name) };
    const { allowInUse, recursive, exclude, onNote, signal } = complete;
    const options = { allowInUse, recursive, exclude, onNote, signal };
    const found = await unlessAborted(findImages(images, registered, options), signal);
    requireKnownFormats(found.sources, readers);
    return found;
  }

  /** Returns the readers that read images themselves, in the order of registration. */
  #readers(): readonly NamedPart<DiskReader>[] {
    return this.#registry.all('reader').filter(({ part }) => part.readerOf === undefined);
  }

  async #placedReporter(name: string, options: OptionValues, run: ReportRun) {
    const reporter = placed(this.#registry, 'reporter', name);
    const complete = completeOptionValues(`reporter ${name}`, reporter.part.options, options);
    const limits = this.#registry.limits(this.#complete('report', run).signal);
    await requireSameInThreads(this.#registry, 'reporter', name, limits);
    return { reporter, complete, limits };
  }

  #requireClusterer({ clusterer, linkage }: CompleteOptions): void {
    requireKnownNames(this.#registry, { clusterer, linkage });
  }

  /**
   * Checks that threads can construct the metric and the clusterer if their plugins are isolated, before any image is
   * read.
   */
  async #requireImportable(options: CompleteOptions): Promise<void> {
    const limits = this.#registry.limits(options.signal);
    await requireSameInThreads(this.#registry, 'metric', options.metric, limits);
    await requireSameInThreads(this.#registry, 'clusterer', options.clusterer, limits);
  }
}

/** @throws `usage` unless the images are a list or the result of `findImages`. */
function requireImages(images: Images): void {
  const isFound = typeof images === 'object' && images !== null && 'sources' in images;
  if (!isFound && !Array.isArray(images)) {
    const expected = 'expected a list of images or the result of findImages';
    throw new VirtSimilarityError('usage', `${expected}, found ${excerptOf(images)}; write [image]`);
  }
}

function tooFew([only]: readonly HashVector[]): VirtSimilarityError {
  const found = only === undefined ? 'none' : `only ${only.name}`;
  return new VirtSimilarityError(
    'usage',
    `expected at least two images to compare, found ${found}; name another image`,
  );
}
