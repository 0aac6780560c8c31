import type { DependencyContainer } from 'tsyringe';
import { cladogramOf } from '../clustering/cladogram.js';
import { requireOwnExtensions } from '../composition/own-extensions.js';
import { type ListedPlugin, PartRegistry, type Registration } from '../composition/part-registry.js';
import { registeredPlugin } from '../composition/registered-plugin.js';
import { requireImportable } from '../composition/require-importable.js';
import type { Analysis } from '../contracts/analysis.js';
import type { CondensedMatrix } from '../contracts/clusterer.js';
import type { DiskSource } from '../contracts/disk-reader.js';
import type { DistanceMetric } from '../contracts/distance-metric.js';
import {
  type ConfiguredPlugin,
  LOGGER,
  type Logger,
  type NamedPart,
  type PartKind,
  type PartKinds,
} from '../contracts/plugin.js';
import type { Reporter, ReportOptions } from '../contracts/reporter.js';
import { corePlugin } from '../core-plugin.js';
import { compareByPosition } from '../distance/compare-by-position.js';
import { compareContents } from '../distance/compare-contents.js';
import { requirePairMemory } from '../distance/require-pair-memory.js';
import { excerptOf, throwIfAborted, unknownName, VirtSimilarityError } from '../errors.js';
import type { HashVector } from '../hash-vectors/hash-vector.js';
import { limitedReader } from '../isolation/limited-reader.js';
import type { IsolationLimits } from '../isolation/part-thread.js';
import { clusterBy, measureBy, type Placed, reportBy } from '../isolation/plugin-calls.js';
import type { ReportPart } from '../isolation/text-of-report.js';
import { container as globalContainer } from '../tsyringe.js';
import { unlessAborted } from '../unless-aborted.js';
import type { AnalyzeOptions, Analyzer, FoundImages, HashOptions, HashOutcome, Images, ReportRun } from './analyzer.js';
import { findImages } from './find-images.js';
import { HashRun } from './hash-run.js';
import { uniqueNames } from './named-images.js';
import { type CompleteOptions, completeOptions } from './options.js';
import { checkReportOptions } from './report-options.js';

/** What an analyzer is composed of. */
export interface AnalyzerParts {
  /** Later ones replace parts of earlier ones that have the same name. */
  readonly plugins: readonly ConfiguredPlugin[];
  /**
   * Plugins that harm only their own part when they fail or never return: their hashers, metrics, clusterers and
   * reporters run in threads of their own, and all that they do is bounded by `pluginTimeout`. Each must have its url.
   */
  readonly isolated?: readonly ConfiguredPlugin[];
  /** Takes the notes of all parts; nothing when absent. */
  readonly logger?: Logger;
  /**
   * A tsyringe container in which the program registered what the parts in this thread are to have injected instead of
   * what plugins registered: see `partToken` and `LOGGER`.
   */
  readonly container?: DependencyContainer;
}

const MEMBERS = ['plugins', 'isolated', 'logger', 'container'] as const satisfies (keyof AnalyzerParts)[];

/**
 * Composes the stages from plugins; the metrics and clusterers of this package are always included.
 * Throws `usage` where a value is no plugin, an option of a plugin cannot be used, a plugin was made for another version of
 * this package, or one that is to be isolated has no url.
 */
export function createAnalyzer(parts: AnalyzerParts): Analyzer {
  const { plugins, isolated = [], logger = SILENT, container = globalContainer } = checkedParts(parts);
  const registered = [
    ...[corePlugin, ...plugins].map((plugin) => registeredPlugin(plugin, false)),
    ...isolated.map((plugin) => registeredPlugin(plugin, true)),
  ];
  const registry = new PartRegistry(registered, loggerIn(container) ?? logger, () => container);
  for (const replacement of registry.replacements) registry.logger.note('warning', replacement);
  return new ComposedAnalyzer(registry);
}

const SILENT: Logger = { note: () => {} };

function loggerIn(container: DependencyContainer): Logger | undefined {
  return container.isRegistered(LOGGER, true) ? container.resolve(LOGGER) : undefined;
}

function checkedParts(parts: AnalyzerParts): AnalyzerParts {
  const unknown = Object.keys(parts).find((key) => !(MEMBERS as readonly string[]).includes(key));
  if (unknown !== undefined) throw unknownName('member of createAnalyzer', unknown, MEMBERS);
  for (const list of [parts.plugins, parts.isolated ?? []]) {
    if (Array.isArray(list)) continue;
    throw new VirtSimilarityError('usage', `createAnalyzer: expected plugins to be a list, found ${excerptOf(list)}`);
  }
  return parts;
}

class ComposedAnalyzer implements Analyzer {
  readonly #registry: PartRegistry;

  constructor(registry: PartRegistry) {
    this.#registry = registry;
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

  hasherVersion(name: string): string | undefined {
    return this.#registry.identifyHasher(name).version;
  }

  async findImages(
    images: readonly (string | DiskSource)[],
    options: Pick<HashOptions, 'onNote' | 'pluginTimeout' | 'signal'> = {},
  ): Promise<FoundImages> {
    return this.#find(images, completeOptions(options));
  }

  async *hash(images: Images, options: HashOptions = {}): AsyncGenerator<HashOutcome> {
    const complete = completeOptions(options);
    this.#checkNames(complete);
    yield* HashRun.hash(this.#registry, await this.#find(images, complete), complete);
  }

  async analyze(images: Images, options: AnalyzeOptions = {}): Promise<Analysis> {
    const complete = completeOptions(options);
    this.#checkNames(complete);
    await this.#requireImportable('metric', complete.metric, complete);
    await this.#requireImportable('clusterer', complete.clusterer, complete);
    const found = await this.#find(images, complete);
    // Reading them all first could take hours.
    requirePairMemory(found.sources.length, this.#registry.find('metric', complete.metric));
    const outcomes = new Map<string, HashOutcome>();
    for await (const outcome of HashRun.hash(this.#registry, found, complete)) outcomes.set(outcome.path, outcome);
    const ordered = found.sources.map(({ path }) => outcomes.get(path)!);
    const failures = ordered.filter((outcome) => 'error' in outcome);
    const vectors = ordered.flatMap((outcome) => ('vector' in outcome ? [outcome.vector] : []));
    if (vectors.length < 2) throw failures[0]?.error ?? tooFew(vectors.length);
    return { ...(await this.#compareAndCluster(vectors, complete)), failures };
  }

  report(name: string, analysis: Analysis, options: ReportOptions = {}, run: ReportRun = {}): AsyncIterable<string> {
    return this.#report(name, 'report', analysis, options, run);
  }

  companion(name: string, analysis: Analysis, options: ReportOptions = {}, run: ReportRun = {}): AsyncIterable<string> {
    return this.#report(name, 'companion', analysis, options, run);
  }

  omission(name: string, analysis: Analysis, options: ReportOptions = {}, run: ReportRun = {}): AsyncIterable<string> {
    return this.#report(name, 'omission', analysis, options, run);
  }

  async #find(images: Images, { onNote, pluginTimeout, signal }: CompleteOptions): Promise<FoundImages> {
    if ('sources' in images) {
      return images;
    }
    const readers = this.#registry.all('reader').map(({ name, part }) => {
      const isIsolated = this.#registry.isIsolated('reader', name);
      return { name, part: limitedReader({ name, part, isIsolated }, pluginTimeout) };
    });
    return unlessAborted(findImages(images, { readers, onNote }), signal);
  }

  async *#report(
    name: string,
    part: ReportPart,
    analysis: Analysis,
    options: ReportOptions,
    run: ReportRun,
  ): AsyncGenerator<string> {
    const reporter = this.#place('reporter', name);
    checkReportOptions(reporter, options);
    const limits = this.#limits(completeOptions(run));
    await this.#requireImportable('reporter', name, limits);
    yield* reportBy(reporter, part, analysis, options, limits);
  }

  async #compareAndCluster(
    vectors: readonly HashVector[],
    options: CompleteOptions,
  ): Promise<Omit<Analysis, 'failures'>> {
    const { hasher: algorithm, blockSize, linkage, onProgress, signal } = options;
    const metric = this.#place('metric', options.metric);
    const { repeated, distances } = await measure(vectors, metric, options, this.#limits(options));
    throwIfAborted(signal);
    onProgress({ kind: 'clustering', images: vectors.length });
    const clusterer = this.#place('clusterer', options.clusterer);
    const dendrogram = await clusterBy(clusterer, distances, linkage, this.#limits(options));
    throwIfAborted(signal);
    const names = uniqueNames(vectors.map(({ name }) => name));
    return {
      images: vectors.map(({ name, virtualSize, dataBlocks }, index) => ({
        name: names[index]!,
        path: name,
        virtualSize,
        dataBlocks,
        repeatedBlocks: repeated[index]!,
      })),
      parameters: { algorithm, blockSize, metric: metric.name, unit: metric.part.unit, linkage },
      distances,
      dendrogram,
      cladogram: cladogramOf(dendrogram),
    };
  }

  #limits({ pluginTimeout, signal }: IsolationLimits): IsolationLimits {
    return { pluginTimeout, signal, logger: this.#registry.logger };
  }

  #place<Kind extends PartKind>(kind: Kind, name: string): Placed<PartKinds[Kind]> {
    const isolated = this.#registry.isIsolated(kind, name) ? this.#registry.reference(kind, name) : undefined;
    return { name, part: this.#registry.find(kind, name), isolated };
  }

  /** Requires of an isolated part that a thread gets the same one. */
  async #requireImportable(kind: PartKind, name: string, limits: IsolationLimits): Promise<void> {
    if (!this.#registry.isIsolated(kind, name)) return;
    this.#registry.reference(kind, name);
    await requireImportable(`${kind} ${name}`, this.#registry.providedParts(kind, name), limits);
  }

  /** Finds a misspelt name before any image is read. */
  #checkNames({ reader, hasher, metric, clusterer, linkage }: CompleteOptions): void {
    if (reader !== 'auto') this.#registry.find('reader', reader);
    this.#registry.find('hasher', hasher);
    this.#registry.find('metric', metric);
    const { linkages } = this.#registry.find('clusterer', clusterer);
    if (linkages.includes(linkage)) return;
    throw unknownName('linkage', linkage, linkages, `clusterer ${clusterer}`);
  }
}

/** The distances, and for each vector its blocks that another one has too; no more of the counts, as they take memory. */
async function measure(
  vectors: readonly HashVector[],
  metric: Placed<DistanceMetric>,
  options: CompleteOptions,
  limits: IsolationLimits,
): Promise<{ repeated: Float64Array; distances: CondensedMatrix }> {
  const { jobs, onProgress, signal } = options;
  const tell = (fraction: number): void => onProgress({ kind: 'comparing', fraction });
  // Which blocks are repeated is told with every metric.
  if (metric.part.alignment === 'position') {
    const counts = await compareByPosition(vectors, { jobs, onFraction: tell, signal });
    return { repeated: counts.repeated, distances: await measureBy(metric, counts, limits) };
  }
  const byHalf = { jobs, onFraction: (fraction: number) => tell(fraction / 2), signal };
  const { repeated } = await compareByPosition(vectors, byHalf);
  const contents = await compareContents(vectors, { jobs, onFraction: (fraction) => tell((1 + fraction) / 2), signal });
  return { repeated, distances: await measureBy(metric, contents, limits) };
}

function tooFew(found: number): VirtSimilarityError {
  return new VirtSimilarityError('usage', `expected at least two images, found ${found}; name more disk images`);
}
