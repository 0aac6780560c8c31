import type { ListedPlugin, Registration } from '../contracts/analyzer.js';
import type { BlockHasher } from '../contracts/block-hasher.js';
import type { PartReference } from '../contracts/part-reference.js';
import type { Logger, NamedPart, PartKind, PartKinds, PartProvider, Plugin } from '../contracts/plugin.js';
import { excerptOf, VirtSimilarityError } from '../errors.js';
import { isVersion } from '../vectors/check-header.js';
import { hasherVersionOf } from './hasher-version.js';
import { PartConstruction } from './part-construction.js';
import type { Injection } from './part-containers.js';
import { contributedParts, PART_KIND_NAMES } from './part-kinds.js';
import { PartTable } from './part-table.js';
import type { RegisteredPlugin } from './registered-plugin.js';

/** The name of a hasher, and the version that hash vectors record for it; absent if the hasher has no version. */
export interface IdentifiedHasher {
  readonly name: string;
  readonly version?: string;
}

/** A part as a plugin registered it. */
export interface ProvidedPart {
  readonly plugin: Plugin;
  readonly kind: PartKind;
  readonly name: string;
  readonly provider: unknown;
}

/** The services and limits for all parts. */
export interface RegistrySettings {
  readonly logger: Logger;
  /** Time limit in seconds for each answer of an isolated plugin's part; 0 for no limit. */
  readonly pluginTimeout: number;
  /** Loads tsyringe; see {@link PartConstruction}. */
  readonly loadInjection: () => Injection;
}

/** The registered parts: their plugins, their instances, and the references by which threads construct them. */
export class PartRegistry {
  readonly logger: Logger;
  /** Time limit in seconds for each answer of an isolated plugin's part; 0 for no limit. */
  readonly pluginTimeout: number;
  readonly #plugins: readonly RegisteredPlugin[];
  readonly #table: PartTable;
  readonly #construction: PartConstruction;
  /** The hashers' versions. Determined only once, because a module file can be edited after the module was imported. */
  readonly #hashers = new Map<string, IdentifiedHasher>();

  constructor(plugins: readonly RegisteredPlugin[], settings: RegistrySettings) {
    this.logger = settings.logger;
    this.pluginTimeout = settings.pluginTimeout;
    this.#plugins = plugins;
    this.#table = new PartTable(plugins);
    this.#construction = new PartConstruction(this.#table, settings);
  }

  /** Returns the limits for calls of isolated plugins. */
  limits(
    signal: AbortSignal | undefined,
  ): Pick<RegistrySettings, 'logger' | 'pluginTimeout'> & { signal?: AbortSignal } {
    const { logger, pluginTimeout } = this;
    return { logger, pluginTimeout, ...(signal && { signal }) };
  }

  get plugins(): readonly ListedPlugin[] {
    return this.#plugins.map(({ plugin: { name, version, options: declared = {} }, options }) => ({
      name,
      version,
      declared,
      options,
    }));
  }

  /** All registered parts, by kind, and within each kind in the order of registration. */
  get registrations(): readonly Registration[] {
    return PART_KIND_NAMES.flatMap((kind) => this.#table.all.filter((part) => part.kind === kind)).map(
      ({ kind, name, from: { plugin } }) => ({ kind, name, plugin: plugin.name, url: plugin.url }),
    );
  }

  /**
   * One line for each part that replaces another plugin's part, except replacements by the program itself. If several
   * parts of a kind and name replace each other, only the last has a line.
   */
  get replacements(): readonly string[] {
    const replacing = this.#table.all.filter(({ from, replaced }) => replaced !== undefined && !from.isOfProgram);
    return replacing.map(({ kind, name, from, replaced }) => {
      return `${kind} ${name} of ${replaced!.from.plugin.name} is replaced by that of ${from.plugin.name}`;
    });
  }

  /** Returns the names of a kind, in the order of registration. */
  names(kind: PartKind): readonly string[] {
    return this.#table.names(kind);
  }

  /**
   * Returns a part by kind and name.
   *
   * @throws `usage`, with the known names, if there is no such part, and `plugin` if the part cannot be constructed.
   */
  find<Kind extends PartKind>(kind: Kind, name: string): PartKinds[Kind] {
    return this.#construction.construct(this.#table.get(kind, name)) as PartKinds[Kind];
  }

  /**
   * Returns all parts of a kind, constructed.
   *
   * @throws `plugin` if a part cannot be constructed.
   */
  all<Kind extends PartKind>(kind: Kind): readonly NamedPart<PartKinds[Kind]>[] {
    return this.names(kind).map((name) => ({ name, part: this.find(kind, name) }));
  }

  /** Returns whether the part belongs to an isolated plugin. */
  isIsolated(kind: PartKind, name: string): boolean {
    return this.#table.get(kind, name).from.isIsolated;
  }

  /**
   * Returns the name of the first plugin without a url among those that the part needs. Because of this plugin, no
   * thread can construct the part. Returns `undefined` if all of them have a url.
   *
   * @throws as {@link find}.
   */
  pluginWithoutUrl(kind: PartKind, name: string): string | undefined {
    this.find(kind, name);
    for (const { plugin } of this.#table.get(kind, name).plugins) {
      if (plugin.url === undefined) {
        return plugin.name;
      }
    }
    return undefined;
  }

  /**
   * Returns the reference by which a thread constructs the part.
   *
   * @throws `usage` if a plugin that the part needs has no url, and as {@link find}.
   */
  reference(kind: PartKind, name: string): PartReference {
    const withoutUrl = this.pluginWithoutUrl(kind, name);
    if (withoutUrl !== undefined) {
      const problem = `${kind} ${name} cannot run in a thread: it needs plugin ${withoutUrl}, which has no url`;
      throw new VirtSimilarityError('usage', `${problem}; add url: import.meta.url to that plugin`);
    }
    const { plugins } = this.#table.get(kind, name);
    const needed = this.#plugins.filter((plugin) => plugins.has(plugin));
    return { kind, name, plugins: needed.map(({ plugin, options }) => ({ url: plugin.url!, options })) };
  }

  /** Returns all parts of the plugins that the part needs, to compare them with those that a thread would import. */
  providedParts(kind: PartKind, name: string): readonly ProvidedPart[] {
    const { plugins } = this.#table.get(kind, name);
    return [...plugins].flatMap(({ plugin }) =>
      PART_KIND_NAMES.flatMap((each) =>
        Object.entries(contributedParts(plugin, each)).map(([other, provider]) => ({
          plugin,
          kind: each,
          name: other,
          provider,
        })),
      ),
    );
  }

  /**
   * Returns the name of a hasher, and the version that hash vectors record for it, if it has one.
   *
   * @throws `plugin` if the hasher's version is invalid, and as {@link find}.
   */
  identifyHasher(name: string): IdentifiedHasher {
    const known = this.#hashers.get(name) ?? this.#identify(name);
    this.#hashers.set(name, known);
    return known;
  }

  #identify(name: string): IdentifiedHasher {
    const hasher = this.find('hasher', name);
    const { provider, plugins } = this.#table.get('hasher', name);
    const version = hasherVersionOf(hasher, provider as PartProvider<BlockHasher>, [...plugins]);
    if (version === undefined) {
      return { name };
    }
    if (isVersion(version)) {
      return { name, version };
    }
    const expected = `expected hasher ${name} to have a version of 1 to 100 characters`;
    throw new VirtSimilarityError('plugin', `[${name}] ${expected}, found ${excerptOf(version)}; fix the hasher`);
  }
}
