import type { InjectionToken } from 'tsyringe';
import type { BlockHasher } from './block-hasher.js';
import type { Clusterer } from './clusterer.js';
import type { Command } from './command.js';
import type { DiskReader } from './disk-reader.js';
import type { DistanceMetric } from './distance-metric.js';
import type { ImageSource } from './image-source.js';
import type { OptionDeclarations, OptionValues } from './options.js';
import type { Reporter } from './reporter.js';

/** The kinds of parts that plugins contribute, and what a part of each kind implements. */
export interface PartKinds {
  readonly source: ImageSource;
  readonly reader: DiskReader;
  readonly hasher: BlockHasher;
  readonly metric: DistanceMetric;
  readonly clusterer: Clusterer;
  readonly reporter: Reporter;
  readonly command: Command;
}

export type PartKind = keyof PartKinds;

/**
 * A class that tsyringe can construct: without parameters, or `@injectable()` with `@inject(TOKEN)` on each of them.
 * Constructing is cheap; what is expensive to load is loaded at first use.
 */
// biome-ignore lint/suspicious/noExplicitAny: the container, not the caller, supplies the arguments
export type Constructor<T> = new (...dependencies: any[]) => T;

/** Makes a part from what the others would inject, for plugins that are written without decorators. */
export interface PartFactory<Part> {
  create(context: PartContext<Part>): Part;
}

/** How a plugin contributes a part: a class that the container constructs, a factory, or the part itself. */
export type PartProvider<Part> = Constructor<Part> | PartFactory<Part> | Part;

/** The parts of one kind, by the names that users choose them by. */
export type Parts<Part> = Readonly<Record<string, PartProvider<Part>>>;

/** A part and the name it is registered by. */
export interface NamedPart<Part> {
  readonly name: string;
  readonly part: Part;
}

/**
 * What a plugin module exports by default. The project's own packages are plugins of exactly this kind.
 *
 * ```ts
 * export default { name: 'my-plugin', url: import.meta.url, reporters: { mine: MyReporter } } satisfies Plugin;
 * ```
 *
 * A part is constructed when it is first used, after all plugins are registered. A part with the name of one that was
 * registered earlier replaces it, and may be given it to wrap: see {@link REPLACED}.
 */
export interface Plugin {
  /** The package's or module's name, for listings and error messages. */
  readonly name: string;
  /**
   * Where the module can be imported from: `import.meta.url`. Hashers of a plugin with a url run in worker threads,
   * others in the main thread; so do the metrics, clusterers and reporters of one that is to be isolated. The module's
   * default export must have these very parts: a thread imports it, and gives it the same options.
   */
  readonly url?: string;
  /** The plugin's own version, for listings. */
  readonly version?: string;
  /** The versions of `@virt-similarity/core` that the plugin was made for, as a range of npm: `^1.2.0`. */
  readonly core?: string;
  /** The options that the plugin takes; none when absent. */
  readonly options?: OptionDeclarations;
  readonly sources?: Parts<ImageSource>;
  readonly readers?: Parts<DiskReader>;
  readonly hashers?: Parts<BlockHasher>;
  readonly metrics?: Parts<DistanceMetric>;
  readonly clusterers?: Parts<Clusterer>;
  readonly reporters?: Parts<Reporter>;
  readonly commands?: Parts<Command>;
}

/** A plugin, or one with values for the options that it declares. */
export type ConfiguredPlugin = Plugin | readonly [plugin: Plugin, options: OptionValues];

/** Takes one-line notes: `warning` for what is odd but no error, `debug` for what only a curious user wants to know. */
export interface Logger {
  note(level: 'warning' | 'debug', message: string): void;
}

/** The other parts of a kind: those that any plugin registered, without the part that they are injected into. */
export interface OtherParts<Part> {
  /** In the order of registration. */
  readonly names: readonly string[];
  /**
   * Constructs the part at its first use.
   *
   * @throws `usage` where no plugin registers the name, and what constructing throws.
   */
  get(name: string): Part;
}

/** What a part can have injected, for a {@link PartFactory}. Other parts are asked for within `create` only. */
export interface PartContext<Own> {
  /** The values of the plugin's options, defaults included. */
  readonly options: OptionValues;
  readonly logger: Logger;
  /**
   * The part that this one replaces.
   *
   * @throws `plugin` where it replaces none.
   */
  readonly replaced: Own;
  /**
   * Another part.
   *
   * @throws `plugin` where it needs this one itself, or no plugin registers it.
   */
  part<Kind extends PartKind>(kind: Kind, name: string): PartKinds[Kind];
  /** All other parts of a kind. */
  parts<Kind extends PartKind>(kind: Kind): OtherParts<PartKinds[Kind]>;
}

/**
 * Injects another part: `@inject(partToken('metric', 'hamming')) hamming: DistanceMetric`. In the main thread and in worker
 * threads, whatever the order of registration. Register it in the container of `createAnalyzer` to replace the part.
 */
export function partToken<Kind extends PartKind>(kind: Kind, name: string): InjectionToken<PartKinds[Kind]> {
  return Symbol.for(`virt-similarity.${kind} ${name}`);
}

/** Injects all other parts of a kind: `@inject(partsToken('clusterer')) others: OtherParts<Clusterer>`. */
export function partsToken<Kind extends PartKind>(kind: Kind): InjectionToken<OtherParts<PartKinds[Kind]>> {
  return Symbol.for(`virt-similarity.${kind}s`);
}

/** Injects the values of the plugin's own options, defaults included. */
export const OPTIONS: InjectionToken<OptionValues> = Symbol.for('virt-similarity.options');

/** Injects the logger. Register it in the container of `createAnalyzer` to receive the notes of all parts. */
export const LOGGER: InjectionToken<Logger> = Symbol.for('virt-similarity.logger');

/** Injects the part that the constructed one replaces: the one that was registered earlier with its name. */
export const REPLACED: InjectionToken<unknown> = Symbol.for('virt-similarity.replaced');
