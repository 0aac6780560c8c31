import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { contributedParts, PART_KIND_NAMES, PART_KINDS } from '../composition/part-kinds.js';
import { PartRegistry } from '../composition/part-registry.js';
import { type RegisteredPlugin, registeredPlugin } from '../composition/registered-plugin.js';
import type { Analyzer } from '../contracts/analyzer.js';
import { EXECUTOR, type Executor, LOCAL_EXECUTOR } from '../contracts/executor.js';
import { type ConfiguredPlugin, LOGGER, type Logger, type Plugin, partToken } from '../contracts/plugin.js';
import { VECTOR_STORE, type VectorStore } from '../contracts/vector-store.js';
import { corePlugin } from '../core-plugin.js';
import { excerptOf, unknownName, VirtSimilarityError } from '../errors.js';
import { LocalExecutor } from '../execution/local-executor.js';
import { HashingPools } from '../hashing/hashing-pools.js';
import { container as globalContainer, injectable } from '../tsyringe.js';
import { ComposedAnalyzer } from './composed-analyzer.js';

/** The plugins, services and settings of an analyzer. */
export interface AnalyzerParts {
  /** The plugins. A part replaces an earlier plugin's part of the same kind and name. */
  readonly plugins: readonly ConfiguredPlugin[];
  /**
   * Plugins whose failures and endless loops must not affect others. Their hashers, metrics, clusterers and reporters
   * run in separate threads, their readers and sources in this thread. `pluginTimeout` limits the calls of all these
   * parts. Each plugin must have a `url`.
   */
  readonly isolated?: readonly ConfiguredPlugin[] | undefined;
  /**
   * Time limit in seconds for each answer of an isolated plugin's part, 0 to 1,000,000; 0 for no limit; 60 by default.
   * An answer is one image of a source, one call of a reader, at most 8 MiB of a hasher's input or one larger block,
   * all pairs of a metric, all images of a clusterer, or a piece of a report: at least 65,536 characters of text unless
   * it is the last piece, or the next bytes that the reporter yields.
   */
  readonly pluginTimeout?: number | undefined;
  /** Receives the notes of all parts; when absent, they are discarded. */
  readonly logger?: Logger | undefined;
  /** Stores the hash vectors of runs without a `cache` option; when absent, they are not stored. */
  readonly store?: VectorStore | undefined;
  /**
   * Hashes and compares images; when absent, this machine's threads do. Only these threads use `store`: another
   * executor stores vectors itself.
   */
  readonly executor?: Executor | undefined;
  /**
   * A tsyringe container in which the program registered replacements for plugins' parts and for the members of this
   * object: see `partToken`, `LOGGER`, `VECTOR_STORE` and `EXECUTOR`. The replacements are injected only into parts in
   * this thread.
   */
  readonly container?: DependencyContainer | undefined;
}

const MEMBERS = [
  'plugins',
  'isolated',
  'pluginTimeout',
  'logger',
  'store',
  'executor',
  'container',
] as const satisfies (keyof AnalyzerParts)[];

/** The defaults of `AnalyzerParts`. */
export const ANALYZER_DEFAULTS = { pluginTimeout: 60 } as const satisfies Partial<AnalyzerParts>;

/** Seconds: a round number below the longest time that timers support, 2³¹ − 1 ms. */
const LONGEST_TIMEOUT = 1_000_000;

/**
 * Creates an analyzer from plugins. The parts of this package are always included: metrics, clusterers, the source
 * `files` and the reader `auto`. Warns about each part that another plugin's part replaces.
 *
 * @throws `usage` if a member is unknown or invalid, a value is not a plugin, an option of a plugin is invalid, a
 *   plugin requires another version of this package, or an isolated plugin has no `url`.
 */
export function createAnalyzer(parts: AnalyzerParts): Analyzer {
  const {
    plugins,
    isolated = [],
    pluginTimeout = ANALYZER_DEFAULTS.pluginTimeout,
    logger = SILENT,
    store,
    executor,
    container = globalContainer,
  } = checkedParts(parts);
  const fromPlugins = [
    ...[corePlugin, ...plugins].map((plugin) => registeredPlugin(plugin, false)),
    ...isolated.map((plugin) => registeredPlugin(plugin, true)),
  ];
  const services = container.createChildContainer();
  const usedLogger = provide(services, LOGGER, logger);
  const registered = [...fromPlugins, ...partsOfContainer(services, fromPlugins)];
  const loadInjection = () => ({ container: services, tsyringe: { container: globalContainer, injectable } });
  const settings = { logger: usedLogger, pluginTimeout, loadInjection };
  const registry = new PartRegistry(registered, settings);
  for (const replacement of registry.replacements) {
    registry.logger.note('warning', replacement);
  }
  const context = { registry, store: provide(services, VECTOR_STORE, store), pools: new HashingPools() };
  const local = provide<Executor>(services, LOCAL_EXECUTOR, new LocalExecutor(context));
  return new ComposedAnalyzer(context, provide(services, EXECUTOR, executor ?? local));
}

const SILENT: Logger = { note: () => {} };

/**
 * Returns the value that the program registered for a token, otherwise `value`. Registers the returned value, so that
 * every part is injected with the same value.
 */
function provide<Value>(services: DependencyContainer, token: InjectionToken<Value>, value: Value): Value;
function provide<Value>(services: DependencyContainer, token: InjectionToken<Value>, value?: Value): Value | undefined;
function provide<Value>(services: DependencyContainer, token: InjectionToken<Value>, value?: Value): Value | undefined {
  const used = services.isRegistered(token, true) ? services.resolve(token) : value;
  if (used !== undefined) {
    services.register(token, { useValue: used });
  }
  return used;
}

/** Returns the parts that the program registered in its container to replace plugins' parts, as one last plugin. */
function partsOfContainer(
  services: DependencyContainer,
  plugins: readonly RegisteredPlugin[],
): readonly RegisteredPlugin[] {
  const found = PART_KIND_NAMES.flatMap((kind) => {
    const names = plugins.flatMap(({ plugin }) => Object.keys(contributedParts(plugin, kind)));
    const given = [...new Set(names)].filter((name) => services.isRegistered(partToken(kind, name), true));
    // The values are placeholders: the parts are resolved from the container when they are constructed.
    const parts = given.map((name) => [name, {}]);
    return parts.length === 0 ? [] : [[PART_KINDS[kind].list, Object.fromEntries(parts)]];
  });
  const plugin: Plugin = { name: 'the container', ...Object.fromEntries(found) };
  return found.length === 0 ? [] : [{ plugin, options: {}, isIsolated: false, isOfProgram: true }];
}

function checkedParts(parts: AnalyzerParts): AnalyzerParts {
  if (typeof parts !== 'object' || parts === null) {
    throw new VirtSimilarityError('usage', `createAnalyzer: expected { plugins }, found ${excerptOf(parts)}`);
  }
  const unknown = Object.keys(parts).find((key) => !(MEMBERS as readonly string[]).includes(key));
  if (unknown !== undefined) {
    throw unknownName('member of createAnalyzer', unknown, MEMBERS);
  }
  for (const list of [parts.plugins, parts.isolated ?? []]) {
    if (Array.isArray(list)) {
      continue;
    }
    throw new VirtSimilarityError(
      'usage',
      `createAnalyzer: expected plugins and isolated to be lists of plugins, found ${excerptOf(list)}; write [plugin]`,
    );
  }
  const { pluginTimeout = 0 } = parts;
  if (typeof pluginTimeout === 'number' && pluginTimeout >= 0 && pluginTimeout <= LONGEST_TIMEOUT) {
    return parts;
  }
  const expected = `pluginTimeout to be from 0 to ${LONGEST_TIMEOUT} seconds`;
  throw new VirtSimilarityError('usage', `createAnalyzer: expected ${expected}, found ${excerptOf(pluginTimeout)}`);
}
