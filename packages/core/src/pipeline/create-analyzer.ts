import { cladogramOf } from '../clustering/cladogram.js';
import type { Analysis } from '../contracts/analysis.js';
import type { CondensedMatrix } from '../contracts/clusterer.js';
import type { DiskSource } from '../contracts/disk-reader.js';
import type { DistanceMetric } from '../contracts/distance-metric.js';
import type { Plugin } from '../contracts/plugin.js';
import type { Reporter, ReportOptions } from '../contracts/reporter.js';
import { corePlugin } from '../core-plugin.js';
import { compareByPosition } from '../distance/compare-by-position.js';
import { compareContents } from '../distance/compare-contents.js';
import { requireAlignment } from '../distance/require-alignment.js';
import { requirePairMemory } from '../distance/require-pair-memory.js';
import { throwIfAborted, VirtSimilarityError } from '../errors.js';
import type { HashVector } from '../hash-vectors/hash-vector.js';
import { limitedReader } from '../isolation/limited-reader.js';
import { clusterBy, measureBy, type Placed, reportBy } from '../isolation/plugin-calls.js';
import type { ReportPart } from '../isolation/text-of-report.js';
import { unlessAborted } from '../unless-aborted.js';
import type {
  AnalyzeOptions,
  Analyzer,
  FoundImages,
  HashOptions,
  HashOutcome,
  Images,
  Registration,
  ReportRun,
} from './analyzer.js';
import { findImages } from './find-images.js';
import { HashRun } from './hash-run.js';
import { uniqueNames } from './named-images.js';
import { type CompleteOptions, completeOptions } from './options.js';
import { PluginRegistry } from './plugin-registry.js';
import { checkReportOptions } from './report-options.js';

/** What an analyzer is composed of. */
export interface AnalyzerParts {
  readonly plugins: readonly Plugin[];
  /**
   * Plugins that harm only their own part when they fail or never return: their hashers, metrics, clusterers and
   * reporters run in threads of their own, and all that they do is bounded by `pluginTimeout`. Each must say its url.
   */
  readonly isolated?: readonly Plugin[];
}

/**
 * Composes the stages from plugins; the metrics and clusterers of this package are there without asking.
 * Throws `usage` where two plugins register one name.
 */
export function createAnalyzer({ plugins, isolated = [] }: AnalyzerParts): Analyzer {
  return new ComposedAnalyzer(new PluginRegistry([corePlugin, ...plugins], isolated));
}

class ComposedAnalyzer implements Analyzer {
  readonly #registry: PluginRegistry;

  constructor(registry: PluginRegistry) {
    this.#registry = registry;
  }

  get registrations(): readonly Registration[] {
    return this.#registry.registrations;
  }

  get reporters(): readonly Reporter[] {
    return this.#registry.all('reporter');
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
    await this.#registry.requireImportable('metric', complete.metric, complete);
    await this.#registry.requireImportable('clusterer', complete.clusterer, complete);
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
    const readers = this.#registry
      .all('reader')
      .map(({ name }) => limitedReader(this.#registry.place('reader', name), pluginTimeout));
    return unlessAborted(findImages(images, { readers, onNote }), signal);
  }

  async *#report(
    name: string,
    part: ReportPart,
    analysis: Analysis,
    options: ReportOptions,
    run: ReportRun,
  ): AsyncGenerator<string> {
    const reporter = this.#registry.place('reporter', name);
    checkReportOptions(reporter.part, options);
    const { pluginTimeout, signal } = completeOptions(run);
    await this.#registry.requireImportable('reporter', name, { pluginTimeout, signal });
    yield* reportBy(reporter, part, analysis, options, { pluginTimeout, signal });
  }

  async #compareAndCluster(
    vectors: readonly HashVector[],
    options: CompleteOptions,
  ): Promise<Omit<Analysis, 'failures'>> {
    const { hasher: algorithm, blockSize, linkage, onProgress, signal } = options;
    const placed = this.#registry.place('metric', options.metric);
    const metric = placed.part;
    const { repeated, distances } = await measure(vectors, placed, options);
    throwIfAborted(signal);
    onProgress({ kind: 'clustering', images: vectors.length });
    const clusterer = this.#registry.place('clusterer', options.clusterer);
    const dendrogram = await clusterBy(clusterer, distances, linkage, options);
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
      parameters: { algorithm, blockSize, metric: metric.name, unit: metric.unit, linkage },
      distances,
      dendrogram,
      cladogram: cladogramOf(dendrogram),
    };
  }

  /** Finds a misspelt name before any image is read. */
  #checkNames({ reader, hasher, metric, clusterer, linkage }: CompleteOptions): void {
    if (reader !== 'auto') this.#registry.find('reader', reader);
    this.#registry.find('hasher', hasher);
    requireAlignment(this.#registry.find('metric', metric));
    const { linkages } = this.#registry.find('clusterer', clusterer);
    if (linkages.includes(linkage)) return;
    const problem = `clusterer ${clusterer} cannot do linkage ${linkage}: expected one of ${linkages.join(', ')}`;
    throw new VirtSimilarityError('usage', `${problem}; or choose another clusterer`);
  }
}

/** The distances, and for each vector its blocks that another one has too; no more of the counts, as they take memory. */
async function measure(
  vectors: readonly HashVector[],
  metric: Placed<DistanceMetric>,
  options: CompleteOptions,
): Promise<{ repeated: Float64Array; distances: CondensedMatrix }> {
  const { jobs, onProgress, signal } = options;
  const tell = (fraction: number): void => onProgress({ kind: 'comparing', fraction });
  // Which blocks are repeated is told with every metric.
  if (metric.part.alignment === 'position') {
    const counts = await compareByPosition(vectors, { jobs, onFraction: tell, signal });
    return { repeated: counts.repeated, distances: await measureBy(metric, counts, options) };
  }
  const byHalf = { jobs, onFraction: (fraction: number) => tell(fraction / 2), signal };
  const { repeated } = await compareByPosition(vectors, byHalf);
  const contents = await compareContents(vectors, { jobs, onFraction: (fraction) => tell((1 + fraction) / 2), signal });
  return { repeated, distances: await measureBy(metric, contents, options) };
}

function tooFew(found: number): VirtSimilarityError {
  return new VirtSimilarityError('usage', `expected at least two images, found ${found}; name more disk images`);
}
