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
import { SharedPools } from '../hashing/shared-pools.js';
import { container as globalContainer, injectable } from '../tsyringe.js';
import { ComposedAnalyzer } from './composed-analyzer.js';

/** What an analyzer is composed of. */
export interface AnalyzerParts {
  /** Later ones replace parts of earlier ones that have the same name. */
  readonly plugins: readonly ConfiguredPlugin[];
  /**
   * Plugins that harm only their own part when they fail or never return: their hashers, metrics, clusterers and
   * reporters run in threads of their own, and all that they do is bounded by `pluginTimeout`. Each must have its url.
   */
  readonly isolated?: readonly ConfiguredPlugin[];
  /**
   * Seconds that a part of an isolated plugin has for each answer: a source for each image, a reader for what it is asked, a hasher for 8 MiB, a
   * metric for all pairs, a clusterer for all images, a reporter for some 64 KiB of its text; 0 for no limit.
   */
  readonly pluginTimeout?: number;
  /** Takes the notes of all parts; nothing when absent. */
  readonly logger?: Logger;
  /** Keeps the hash vectors of runs that state no `cache`; they are not kept when absent. */
  readonly store?: VectorStore;
  /** Hashes and compares; this machine's threads when absent. The `store` is for those only: an executor keeps vectors itself. */
  readonly executor?: Executor;
  /**
   * A tsyringe container in which the program registered what is to be used instead of what plugins registered or this
   * call states: see `partToken`, `LOGGER`, `VECTOR_STORE` and `EXECUTOR`. Parts in this thread have it injected; those in threads of
   * their own do not.
   */
  readonly container?: DependencyContainer;
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

/** What holds where `AnalyzerParts` leave something open. */
export const ANALYZER_DEFAULTS = { pluginTimeout: 60 } as const satisfies Partial<AnalyzerParts>;

/** Seconds: what timers can be set to, in round numbers. */
const LONGEST_TIMEOUT = 1_000_000;

/**
 * Composes the stages from plugins; the parts of this package are always included: metrics, clusterers, the source `files` and
 * the reader `auto`.
 *
 * @throws `usage` where a value is no plugin, an option of a plugin cannot be used, a plugin was made for another
 *   version of this package, or one that is to be isolated has no url.
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
  const ofPlugins = [
    ...[corePlugin, ...plugins].map((plugin) => registeredPlugin(plugin, false)),
    ...isolated.map((plugin) => registeredPlugin(plugin, true)),
  ];
  const services = container.createChildContainer();
  const usedLogger = provide(services, LOGGER, logger);
  const registered = [...ofPlugins, ...ofContainer(services, ofPlugins)];
  const loadInjection = () => ({ container: services, tsyringe: { container: globalContainer, injectable } });
  const settings = { logger: usedLogger, pluginTimeout, loadInjection };
  const registry = new PartRegistry(registered, settings);
  for (const replacement of registry.replacements) {
    registry.logger.note('warning', replacement);
  }
  const context = { registry, store: provide(services, VECTOR_STORE, store), pools: new SharedPools() };
  const local = provide<Executor>(services, LOCAL_EXECUTOR, new LocalExecutor(context));
  return new ComposedAnalyzer(context, provide(services, EXECUTOR, executor ?? local));
}

const SILENT: Logger = { note: () => {} };

/** What the program registered, or else the value: the same one for the analyzer and for every part that injects it. */
function provide<Value>(services: DependencyContainer, token: InjectionToken<Value>, value: Value): Value;
function provide<Value>(services: DependencyContainer, token: InjectionToken<Value>, value?: Value): Value | undefined;
function provide<Value>(services: DependencyContainer, token: InjectionToken<Value>, value?: Value): Value | undefined {
  const used = services.isRegistered(token, true) ? services.resolve(token) : value;
  if (used !== undefined) {
    services.register(token, { useValue: used });
  }
  return used;
}

/** The parts that the program registered in its container instead of those of plugins, as the plugin that comes last. */
function ofContainer(services: DependencyContainer, plugins: readonly RegisteredPlugin[]): readonly RegisteredPlugin[] {
  const found = PART_KIND_NAMES.flatMap((kind) => {
    const names = plugins.flatMap(({ plugin }) => Object.keys(contributedParts(plugin, kind)));
    const given = [...new Set(names)].filter((name) => services.isRegistered(partToken(kind, name), true));
    // The construction takes them from the container.
    const parts = given.map((name) => [name, {}]);
    return parts.length === 0 ? [] : [[PART_KINDS[kind].list, Object.fromEntries(parts)]];
  });
  const plugin: Plugin = { name: 'the container', ...Object.fromEntries(found) };
  return found.length === 0 ? [] : [{ plugin, options: {}, isIsolated: false, isOfProgram: true }];
}

function checkedParts(parts: AnalyzerParts): AnalyzerParts {
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
  const expected = `pluginTimeout to be seconds from 0 to ${LONGEST_TIMEOUT}`;
  throw new VirtSimilarityError('usage', `createAnalyzer: expected ${expected}, found ${excerptOf(pluginTimeout)}`);
}
