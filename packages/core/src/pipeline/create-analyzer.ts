import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { PART_KIND_NAMES, PART_KINDS, partsOf } from '../composition/part-kinds.js';
import { PartRegistry } from '../composition/part-registry.js';
import { type RegisteredPlugin, registeredPlugin } from '../composition/registered-plugin.js';
import type { Analyzer } from '../contracts/analyzer.js';
import { type ConfiguredPlugin, LOGGER, type Logger, type Plugin, partToken } from '../contracts/plugin.js';
import { VECTOR_STORE, type VectorStore } from '../contracts/vector-store.js';
import { corePlugin } from '../core-plugin.js';
import { excerptOf, unknownName, VirtSimilarityError } from '../errors.js';
import { container as globalContainer } from '../tsyringe.js';
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
  /** Takes the notes of all parts; nothing when absent. */
  readonly logger?: Logger;
  /** Keeps the hash vectors of runs that state no `cache`; they are not kept when absent. */
  readonly store?: VectorStore;
  /**
   * A tsyringe container in which the program registered what is to be used instead of what plugins registered or this
   * call states: see `partToken`, `LOGGER` and `VECTOR_STORE`. Parts in this thread have it injected; those in threads of
   * their own do not.
   */
  readonly container?: DependencyContainer;
}

const MEMBERS = ['plugins', 'isolated', 'logger', 'store', 'container'] as const satisfies (keyof AnalyzerParts)[];

/**
 * Composes the stages from plugins; the metrics and clusterers of this package are always included.
 * Throws `usage` where a value is no plugin, an option of a plugin cannot be used, a plugin was made for another version of
 * this package, or one that is to be isolated has no url.
 */
export function createAnalyzer(parts: AnalyzerParts): Analyzer {
  const { plugins, isolated = [], logger = SILENT, store, container = globalContainer } = checkedParts(parts);
  const ofPlugins = [
    ...[corePlugin, ...plugins].map((plugin) => registeredPlugin(plugin, false)),
    ...isolated.map((plugin) => registeredPlugin(plugin, true)),
  ];
  const services = container.createChildContainer();
  registerUnlessGiven(services, LOGGER, logger);
  if (store !== undefined) registerUnlessGiven(services, VECTOR_STORE, store);
  const registered = [...ofPlugins, ...ofContainer(services, ofPlugins)];
  const registry = new PartRegistry(registered, services.resolve(LOGGER), () => services);
  for (const replacement of registry.replacements) registry.logger.note('warning', replacement);
  return new ComposedAnalyzer({
    registry,
    store: services.isRegistered(VECTOR_STORE, true) ? services.resolve(VECTOR_STORE) : undefined,
  });
}

const SILENT: Logger = { note: () => {} };

function registerUnlessGiven<Value>(container: DependencyContainer, token: InjectionToken<Value>, value: Value): void {
  if (!container.isRegistered(token, true)) container.register(token, { useValue: value });
}

/** The parts that the program registered in its container instead of those of plugins, as the plugin that comes last. */
function ofContainer(services: DependencyContainer, plugins: readonly RegisteredPlugin[]): readonly RegisteredPlugin[] {
  const found = PART_KIND_NAMES.flatMap((kind) => {
    const names = plugins.flatMap(({ plugin }) => Object.keys(partsOf(plugin, kind)));
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
  if (unknown !== undefined) throw unknownName('member of createAnalyzer', unknown, MEMBERS);
  for (const list of [parts.plugins, parts.isolated ?? []]) {
    if (Array.isArray(list)) continue;
    throw new VirtSimilarityError(
      'usage',
      `createAnalyzer: expected plugins and isolated to be lists of plugins, found ${excerptOf(list)}; write [plugin]`,
    );
  }
  return parts;
}
