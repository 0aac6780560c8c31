import type { InjectionToken } from 'tsyringe';
import type { DiskReader } from '../contracts/disk-reader.js';
import type { ImageSource } from '../contracts/image-source.js';
import {
  LOGGER,
  type Logger,
  OPTIONS,
  type OtherParts,
  type PartContext,
  type PartFactory,
  type PartKind,
  type PartKinds,
  partsToken,
  partToken,
  REPLACED,
} from '../contracts/plugin.js';
import { messageOf, unknownName, VirtSimilarityError } from '../errors.js';
import { LimitedReader } from '../reading/limited-reader.js';
import { LimitedSource } from '../reading/limited-source.js';
import { type Injection, PartContainers } from './part-containers.js';
import { isConstructor, isFactory, PART_KIND_NAMES, requirePart } from './part-kinds.js';
import type { PartTable, RegisteredPart } from './part-table.js';

/** The services and settings for constructing parts. */
interface ConstructionSettings {
  readonly logger: Logger;
  /** Time limit in seconds for each answer of an isolated plugin's source or reader; 0 for no limit. */
  readonly pluginTimeout: number;
  /**
   * Loads tsyringe. Called only when a part needs a container, because loading tsyringe takes most of the time that a
   * thread needs to start.
   */
  readonly loadInjection: () => Injection;
}

/**
 * Constructs each part when it is first requested. Injects other parts, the options of the part's plugin and the
 * logger.
 */
export class PartConstruction {
  readonly #table: PartTable;
  readonly #settings: ConstructionSettings;
  #containers: PartContainers | undefined;
  /** The parts under construction, outermost first. */
  readonly #underConstruction: RegisteredPart[] = [];
  /** The error that made the current construction fail. */
  #failure: VirtSimilarityError | undefined;

  constructor(table: PartTable, settings: ConstructionSettings) {
    this.#table = table;
    this.#settings = settings;
  }

  /**
   * Returns the part, constructed at the first call.
   *
   * @throws `plugin` if construction fails or the part lacks a member of its kind. If parts need each other, the
   *   message shows the cycle. An error of this project that the construction throws stays as it is.
   */
  construct(entry: RegisteredPart): object {
    const outer = this.#underConstruction.at(-1);
    try {
      entry.part ??= this.#constructFirst(entry);
    } catch (thrown) {
      // tsyringe passes on only the text of an error from the construction of an injected part.
      this.#failure ??= constructionError(entry, thrown);
      throw this.#failure;
    } finally {
      if (outer === undefined) {
        this.#failure = undefined;
      }
    }
    for (const plugin of entry.plugins) {
      outer?.plugins.add(plugin);
    }
    return entry.part;
  }

  #constructFirst(entry: RegisteredPart): object {
    this.#requireNoCycle(entry);
    this.#underConstruction.push(entry);
    try {
      const part = this.#make(entry);
      requirePart(entry.kind, entry.name, part);
      return this.#limited(entry, part);
    } finally {
      this.#underConstruction.pop();
    }
  }

  /** Wraps the sources and readers of isolated plugins with a time limit, since they run in the main thread. */
  #limited({ kind, name, from }: RegisteredPart, part: object): object {
    const { pluginTimeout } = this.#settings;
    if (!from.isIsolated) {
      return part;
    }
    if (kind === 'source') {
      return new LimitedSource(name, part as ImageSource, pluginTimeout);
    }
    return kind === 'reader' ? new LimitedReader(name, part as DiskReader, pluginTimeout) : part;
  }

  #make(entry: RegisteredPart): object {
    const { provider } = entry;
    if (entry.from.isOfProgram) {
      return this.#injecting().resolve(partToken(entry.kind, entry.name));
    }
    if (isFactory(provider)) {
      return this.#created(entry, provider);
    }
    if (!isConstructor(provider)) {
      return provider;
    }
    // Only classes whose constructors can have parameters need a container.
    if (!hasParameters(provider)) {
      return new provider();
    }
    const context = this.#contextOf(entry);
    return this.#injecting().construct(
      provider,
      new Map<InjectionToken<unknown>, () => unknown>([
        [OPTIONS, () => context.options],
        [REPLACED, () => context.replaced],
        ...PART_KIND_NAMES.map((kind) => [partsToken(kind), () => context.parts(kind)] as const),
      ]),
    );
  }

  /**
   * Creates a part by its factory. The part cannot request other parts later, because a thread imports only the plugins
   * of the parts that were requested during construction.
   */
  #created(entry: RegisteredPart, factory: PartFactory<object>): object {
    const context = this.#contextOf(entry);
    let isCreated = false;
    const duringCreate = <Value>(request: () => Value): Value => {
      if (!isCreated) {
        return request();
      }
      const problem = `${entry.kind} ${entry.name} requested other parts from its context after create returned`;
      throw new VirtSimilarityError('plugin', `${problem}; request them within create, and keep them`);
    };
    try {
      return factory.create({
        options: context.options,
        logger: context.logger,
        get replaced() {
          return duringCreate(() => context.replaced);
        },
        part: (kind, name) => duringCreate(() => context.part(kind, name)),
        parts: (kind) => duringCreate(() => context.parts(kind)),
      });
    } finally {
      isCreated = true;
    }
  }

  /** Returns the containers that resolve each part by its kind and name. */
  #injecting(): PartContainers {
    this.#containers ??= new PartContainers(
      this.#settings.loadInjection(),
      new Map<InjectionToken<unknown>, () => unknown>([
        [LOGGER, () => this.#settings.logger],
        ...this.#table.all.map(({ kind, name }) => [partToken(kind, name), () => this.#find(kind, name)] as const),
      ]),
    );
    return this.#containers;
  }

  #contextOf(entry: RegisteredPart): PartContext<object> {
    const find = (other: RegisteredPart): object => this.construct(other);
    return {
      options: entry.from.options,
      logger: this.#settings.logger,
      get replaced() {
        if (entry.replaced !== undefined) {
          return find(entry.replaced);
        }
        throw new VirtSimilarityError('plugin', `${entry.kind} ${entry.name} does not replace a part of that name`);
      },
      part: (kind, name) => this.#find(kind, name),
      parts: (kind) => this.#others(entry, kind),
    };
  }

  /**
   * Returns the other parts of a kind. The part can get any of them later, also in a thread. So the plugins of these
   * parts, and all plugins with a URL, are recorded as plugins that the part needs.
   */
  #others<Kind extends PartKind>(self: RegisteredPart, kind: Kind): OtherParts<PartKinds[Kind]> {
    const names = this.#table.names(kind).filter((name) => kind !== self.kind || name !== self.name);
    for (const name of names) {
      self.plugins.add(this.#table.get(kind, name).from);
    }
    // What these parts depend on is not known before they are constructed.
    for (const { from } of this.#table.all) {
      if (from.plugin.url !== undefined) {
        self.plugins.add(from);
      }
    }
    return {
      names,
      get: (name) => {
        if (!names.includes(name)) {
          throw unknownName(`other ${kind}`, name, names);
        }
        return this.#find(kind, name);
      },
    };
  }

  #requireNoCycle(entry: RegisteredPart): void {
    const start = this.#underConstruction.indexOf(entry);
    if (start < 0) {
      return;
    }
    const cycle = [...this.#underConstruction.slice(start), entry].map(({ kind, name }) => `${kind} ${name}`);
    throw new VirtSimilarityError(
      'plugin',
      `these parts need each other: ${cycle.join(' → ')}; inject one with partsToken and get it at its first use`,
    );
  }

  #find<Kind extends PartKind>(kind: Kind, name: string): PartKinds[Kind] {
    return this.construct(this.#table.get(kind, name)) as PartKinds[Kind];
  }
}

/**
 * Returns whether the constructor of a class can have parameters to inject. True for every derived class, whose
 * parameters can be inherited.
 */
function hasParameters(provider: { readonly length: number }): boolean {
  const isDerived = Object.getPrototypeOf(provider) !== Function.prototype;
  return provider.length > 0 || isDerived || hasInjectedParameters(provider);
}

/** Returns whether the class uses tsyringe's `@inject`, also on a parameter with a default, which `length` omits. */
function hasInjectedParameters(provider: object): boolean {
  const { getMetadata } = Reflect as { readonly getMetadata?: (key: string, target: object) => unknown };
  return getMetadata?.('injectionTokens', provider) !== undefined;
}

const MISSING_PART = /unregistered dependency token: "Symbol\(virt-similarity\.(.+?)\)"/;

function constructionError({ kind, name, from }: RegisteredPart, thrown: unknown): VirtSimilarityError {
  if (thrown instanceof VirtSimilarityError) {
    return thrown;
  }
  const problem = `cannot construct ${kind} ${name} of plugin ${from.plugin.name}`;
  const [, missing] = MISSING_PART.exec(messageOf(thrown)) ?? [];
  if (missing !== undefined) {
    const isPart = PART_KIND_NAMES.some((part) => missing.startsWith(`${part} `));
    const remedy = isPart
      ? `it needs ${missing}, which no plugin registers; load a plugin that registers it`
      : `it needs ${missing}, which is not registered; pass it to createAnalyzer; parts in threads cannot inject it`;
    return new VirtSimilarityError('plugin', `${problem}: ${remedy}`);
  }
  const isInjection = /TypeInfo not known|Cannot inject the dependency/.test(messageOf(thrown));
  const remedy = isInjection ? '; a class with parameters needs @injectable(), and each parameter @inject(TOKEN)' : '';
  return new VirtSimilarityError('plugin', `${problem}: ${messageOf(thrown)}${remedy}`, { cause: thrown });
}
