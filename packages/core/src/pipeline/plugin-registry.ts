// Required, as an import would be searched for exported names at every start.
import levenshtein = require('fastest-levenshtein');

import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { BLOCK_HASHER, type BlockHasher } from '../contracts/block-hasher.js';
import { CLUSTERER, type Clusterer } from '../contracts/clusterer.js';
import { DISK_READER, type DiskReader } from '../contracts/disk-reader.js';
import { DISTANCE_METRIC, type DistanceMetric } from '../contracts/distance-metric.js';
import type { Constructor, Plugin } from '../contracts/plugin.js';
import { REPORTER, type Reporter } from '../contracts/reporter.js';
import { excerptOf, messageOf, VirtSimilarityError } from '../errors.js';
import { isVersion } from '../hash-vectors/check-header.js';
import type { IsolationLimits } from '../isolation/isolated-thread.js';
import type { Placed } from '../isolation/plugin-calls.js';
import { container, instanceCachingFactory } from '../tsyringe.js';
import type { Registration } from './analyzer.js';
import { hasherVersionOf } from './hasher-version.js';
import { requireImportable } from './require-importable.js';

/** What can be registered, by kind. */
interface Kinds {
  readonly reader: DiskReader;
  readonly hasher: BlockHasher;
  readonly metric: DistanceMetric;
  readonly clusterer: Clusterer;
  readonly reporter: Reporter;
}

type Kind = keyof Kinds;

/** For each kind its token and the plugin's list of its classes. */
const KINDS: { readonly [K in Kind]: { token: InjectionToken<Kinds[K]>; list: keyof Plugin } } = {
  reader: { token: DISK_READER, list: 'readers' },
  hasher: { token: BLOCK_HASHER, list: 'hashers' },
  metric: { token: DISTANCE_METRIC, list: 'metrics' },
  clusterer: { token: CLUSTERER, list: 'clusterers' },
  reporter: { token: REPORTER, list: 'reporters' },
};

interface Entry {
  readonly registration: Registration;
  readonly isIsolated: boolean;
  readonly instance: Kinds[Kind];
  readonly partClass: Constructor<Kinds[Kind]>;
}

/** Everything that plugins registered, constructed by a container of its own; unchangeable once made. */
export class PluginRegistry {
  readonly #entries: readonly Entry[];

  /**
   * Throws `usage` where two plugins register one name, or one that is to be isolated does not say its url, and `plugin`
   * where a class cannot be constructed.
   *
   * @param isolated those whose parts are not to run in the main thread
   */
  constructor(plugins: readonly Plugin[], isolated: readonly Plugin[] = []) {
    const child = container.createChildContainer();
    for (const { name, url } of isolated) if (url === undefined) throw withoutUrl(name);
    this.#entries = [...plugins, ...isolated].flatMap((plugin) => register(child, plugin, isolated.includes(plugin)));
    const seen = new Map<string, Registration>();
    for (const { registration } of this.#entries) {
      const key = `${registration.kind} ${registration.name}`;
      const other = seen.get(key);
      if (other) {
        const found = `both ${other.plugin} and ${registration.plugin} register the ${key}`;
        throw new VirtSimilarityError('usage', `${found}; expected unique names: leave out one of the plugins`);
      }
      seen.set(key, registration);
    }
  }

  get registrations(): readonly Registration[] {
    return this.#entries.map(({ registration }) => registration);
  }

  /** All of a kind, in the order of registration. */
  all<K extends Kind>(kind: K): readonly Kinds[K][] {
    return this.#entries.filter((entry) => entry.registration.kind === kind).map((entry) => entry.instance as Kinds[K]);
  }

  /** The one of that kind and name. Throws `usage` with the nearest name where there is none. */
  find<K extends Kind>(kind: K, name: string): Kinds[K] {
    return this.#entry(kind, name).instance as Kinds[K];
  }

  /** Where the plugin that registered it can be imported from, if it says so. */
  urlOf(kind: Kind, name: string): string | undefined {
    return this.#entry(kind, name).registration.url;
  }

  /** The name of a hasher, and the version that hash vectors record for it, if anybody can say which it is. */
  identifyHasher(name: string): Pick<BlockHasher, 'name' | 'version'> {
    const { version } = this.#entry('hasher', name).registration;
    return version === undefined ? { name } : { name, version };
  }

  /** The readers in the order in which `auto` asks them: those that take what they do not recognise come last. */
  get readersByPreference(): readonly DiskReader[] {
    const readers = this.all('reader');
    return [...readers.filter(({ fallback }) => !fallback), ...readers.filter(({ fallback }) => fallback)];
  }

  /**
   * Requires of a part that is to run in threads that these get the same one by importing it. Throws `usage` where they
   * do not, and what importing it throws.
   */
  async requireImportable(kind: Kind, name: string, limits: IsolationLimits): Promise<void> {
    const { partClass, registration, isIsolated } = this.#entry(kind, name);
    const { plugin, url } = registration;
    if (url === undefined || (kind !== 'hasher' && !isIsolated)) return;
    await requireImportable({ description: `${kind} ${name}`, plugin, list: KINDS[kind].list, partClass, url }, limits);
  }

  /** The one of that kind and name, and where to import it from if it is to run in a thread of its own. */
  place<K extends Kind>(kind: K, name: string): Placed<Kinds[K]> {
    const { instance, registration, isIsolated } = this.#entry(kind, name);
    return { part: instance as Kinds[K], isolatedUrl: isIsolated ? registration.url : undefined };
  }

  #entry(kind: Kind, name: string): Entry {
    const entries = this.#entries.filter(({ registration }) => registration.kind === kind);
    const entry = entries.find(({ registration }) => registration.name === name);
    if (entry) return entry;
    throw unknownName(
      kind,
      name,
      entries.map(({ registration }) => registration.name),
    );
  }
}

/** The error for a name that is not among those known: says which are, and which was probably meant. */
export function unknownName(kind: string, name: string, known: readonly string[]): VirtSimilarityError {
  const [nearest] = known.toSorted((a, b) => levenshtein.distance(name, a) - levenshtein.distance(name, b));
  const meant =
    nearest !== undefined && levenshtein.distance(name, nearest) <= Math.max(2, name.length / 3)
      ? `; did you mean ${nearest}?`
      : '';
  return new VirtSimilarityError('usage', `unknown ${kind} ${name}: expected one of ${known.join(', ')}${meant}`);
}

function register(child: DependencyContainer, plugin: Plugin, isIsolated: boolean): Entry[] {
  return (Object.keys(KINDS) as Kind[]).flatMap((kind) => {
    const { token, list } = KINDS[kind];
    const classes = (plugin[list] ?? []) as readonly Constructor<Kinds[Kind]>[];
    return classes.map((pluginClass): Entry => {
      const factory = instanceCachingFactory<Kinds[Kind]>((dependencies) => dependencies.resolve(pluginClass));
      child.register(token as InjectionToken<Kinds[Kind]>, { useFactory: factory });
      const instance = construct(() => factory(child), plugin, kind);
      requireName(instance, plugin, kind);
      const registration = { kind, name: instance.name, plugin: plugin.name, url: plugin.url };
      const entry = { instance, isIsolated, partClass: pluginClass };
      if (kind !== 'hasher') return { ...entry, registration };
      return {
        ...entry,
        registration: { ...registration, ...versionOf(instance as BlockHasher, pluginClass, plugin) },
      };
    });
  });
}

/** What is registered of a hasher's version. Throws `plugin` where it states something else than a version. */
function versionOf(
  hasher: BlockHasher,
  hasherClass: Constructor<unknown>,
  plugin: Plugin,
): Pick<Registration, 'version'> {
  const version = hasherVersionOf(hasher, hasherClass as Constructor<BlockHasher>, plugin.url);
  if (version === undefined) return {};
  if (isVersion(version)) return { version };
  const expected = `expected hasher ${hasher.name} to have a version of 1 to 100 characters`;
  throw new VirtSimilarityError(
    'plugin',
    `[${plugin.name}] ${expected}, found ${excerptOf(version)}; give its class such a version`,
  );
}

function requireName(part: { readonly name?: unknown }, plugin: Plugin, kind: Kind): void {
  if (typeof part.name === 'string' && part.name !== '') return;
  throw new VirtSimilarityError(
    'plugin',
    `[${plugin.name}] expected a ${kind} to have a name, found ${excerptOf(part.name)}; give its class a name`,
  );
}

function withoutUrl(plugin: string): VirtSimilarityError {
  const problem = `plugin ${plugin} cannot be isolated: expected its url, found none`;
  return new VirtSimilarityError('usage', `${problem}; let it say url: import.meta.url`);
}

function construct<T>(make: () => T, plugin: Plugin, kind: Kind): T {
  try {
    return make();
  } catch (cause) {
    const problem = `cannot construct a ${kind} of plugin ${plugin.name}: ${messageOf(cause)}`;
    const remedy = 'a class with parameters needs @injectable(), and each of them @inject(TOKEN)';
    throw new VirtSimilarityError('plugin', `${problem}; ${remedy}`, { cause });
  }
}
