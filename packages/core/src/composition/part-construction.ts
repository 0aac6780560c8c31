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

/** What constructing parts needs beside their table. */
interface ConstructionSettings {
  readonly logger: Logger;
  /** Seconds that a source or reader of an isolated plugin has for each answer; 0 for no limit. */
  readonly pluginTimeout: number;
  /** Called when a class is to be constructed that has dependencies: a thread needs longer for tsyringe than for all else. */
  readonly loadInjection: () => Injection;
}

/**
 * Constructs each part when it is first asked for, by a container in which it finds the other parts, its plugin's options
 * and the logger.
 */
export class PartConstruction {
  readonly #table: PartTable;
  readonly #settings: ConstructionSettings;
  #containers: PartContainers | undefined;
  /** What is being constructed, outermost first. */
  readonly #underConstruction: RegisteredPart[] = [];
  /** What made the construction under way fail. */
  #failure: VirtSimilarityError | undefined;

  constructor(table: PartTable, settings: ConstructionSettings) {
    this.#table = table;
    this.#settings = settings;
  }

  /**
   * The part, constructed at the first call.
   *
   * @throws `plugin`, naming the parts of a cycle where they need each other.
   */
  construct(entry: RegisteredPart): object {
    const outer = this.#underConstruction.at(-1);
    try {
      entry.part ??= this.#constructFirst(entry);
    } catch (thrown) {
      // tsyringe passes on only the text of what the construction of an injected part threw.
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

  /** Sources and readers run in the main thread, also where their plugin is isolated. */
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
    // Only constructors with parameters need a container.
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

  /** Which other parts it needs must be known when it is created: a thread imports only the plugins of those. */
  #created(entry: RegisteredPart, factory: PartFactory<object>): object {
    const context = this.#contextOf(entry);
    let isCreated = false;
    const inTime = <Value>(ask: () => Value): Value => {
      if (!isCreated) {
        return ask();
      }
      const problem = `${entry.kind} ${entry.name} asks its context for other parts after it was created`;
      throw new VirtSimilarityError('plugin', `${problem}; ask within create, and keep what it gives`);
    };
    try {
      return factory.create({
        options: context.options,
        logger: context.logger,
        get replaced() {
          return inTime(() => context.replaced);
        },
        part: (kind, name) => inTime(() => context.part(kind, name)),
        parts: (kind) => inTime(() => context.parts(kind)),
      });
    } finally {
      isCreated = true;
    }
  }

  /** The containers in which each part is found by kind and name. */
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
        throw new VirtSimilarityError('plugin', `${entry.kind} ${entry.name} replaces none of that name`);
      },
      part: (kind, name) => this.#find(kind, name),
      parts: (kind) => this.#others(entry, kind),
    };
  }

  /** The part may ask for any of them later, in a thread too, so it needs the plugins of all. */
  #others<Kind extends PartKind>(self: RegisteredPart, kind: Kind): OtherParts<PartKinds[Kind]> {
    const names = this.#table.names(kind).filter((name) => kind !== self.kind || name !== self.name);
    for (const name of names) {
      self.plugins.add(this.#table.get(kind, name).from);
    }
    // What these need in turn is not known before they are constructed.
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
      `these parts need each other: ${cycle.join(' → ')}; inject one of them by partsToken and get it at its first use`,
    );
  }

  #find<Kind extends PartKind>(kind: Kind, name: string): PartKinds[Kind] {
    return this.construct(this.#table.get(kind, name)) as PartKinds[Kind];
  }
}

/** Whether a class's constructor has parameters: its own, optional ones too, or those that it inherits. */
function hasParameters(provider: { readonly length: number }): boolean {
  const isDerived = Object.getPrototypeOf(provider) !== Function.prototype;
  return provider.length > 0 || isDerived || hasInjectedParameters(provider);
}

/** Whether tsyringe's `@inject` was used, even on a parameter with a default, which `length` does not count. */
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
      ? `no plugin registers ${missing}, which it needs; load the plugin that registers it too`
      : `no ${missing} is registered, which it needs; give createAnalyzer one; parts in threads cannot inject it`;
    return new VirtSimilarityError('plugin', `${problem}: ${remedy}`);
  }
  const isInjection = /TypeInfo not known|Cannot inject the dependency/.test(messageOf(thrown));
  const advice = '; a class with parameters needs @injectable(), and each of them @inject(TOKEN)';
  const remedy = isInjection ? advice : '';
  return new VirtSimilarityError('plugin', `${problem}: ${messageOf(thrown)}${remedy}`, { cause: thrown });
}
