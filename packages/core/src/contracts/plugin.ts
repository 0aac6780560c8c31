import type { InjectionToken } from 'tsyringe';
import type { BlockHasher } from './block-hasher.js';
import type { Clusterer } from './clusterer.js';
import type { Command } from './command.js';
import type { DiskReader } from './disk-reader.js';
import type { DistanceMetric } from './distance-metric.js';
import type { ImageSource } from './image-source.js';
import type { OptionDeclarations, OptionValues } from './options.js';
import type { Reporter } from './reporter.js';

/** The kinds of parts that plugins contribute, with the interface of each kind. */
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
 * A class that tsyringe can construct: without parameters, or `@injectable()` with `@inject(TOKEN)` on each parameter.
 * Construction must be cheap: load expensive dependencies at first use.
 */
// biome-ignore lint/suspicious/noExplicitAny: the container, not the caller, supplies the arguments
export type Constructor<T> = new (...dependencies: any[]) => T;

/** Creates a part, for plugins that are written without decorators. The context provides what would be injected. */
export interface PartFactory<Part> {
  create(context: PartContext<Part>): Part;
}

/** What a plugin registers for a part: a class to construct, a factory, or the part itself. */
export type PartProvider<Part> = Constructor<Part> | PartFactory<Part> | Part;

/** The parts of one kind, by the names by which users choose them. */
export type Parts<Part> = Readonly<Record<string, PartProvider<Part>>>;

/** A part and the name under which it is registered. */
export interface NamedPart<Part> {
  readonly name: string;
  readonly part: Part;
}

/**
 * The default export of a plugin module. The project's own packages are plugins of the same form.
 *
 * ```ts
 * export default { name: 'my-plugin', url: import.meta.url, reporters: { mine: MyReporter } } satisfies Plugin;
 * ```
 *
 * A part is constructed when it is first used, after all plugins are registered. A part replaces an earlier plugin's
 * part of the same kind and name, and can wrap the replaced part: see {@link REPLACED}.
 */
export interface Plugin {
  /** The name of the package or module, for listings and error messages. */
  readonly name: string;
  /**
   * The URL to import the module from: `import.meta.url`. Hashers run in worker threads if all plugins that they need
   * have a URL, otherwise in the main thread. An isolated plugin must have a URL, because its metrics, clusterers and
   * reporters run in threads too. The default export of the module must have the same parts as this object, because a
   * thread imports the module and constructs its parts with the same options.
   */
  readonly url?: string | undefined;
  /** The plugin's own version, for listings. */
  readonly version?: string | undefined;
  /** The versions of `@virt-similarity/core` that the plugin supports, as an npm range: `^1.2.0`. */
  readonly core?: string | undefined;
  /** The options that the plugin accepts; none when absent. */
  readonly options?: OptionDeclarations | undefined;
  readonly sources?: Parts<ImageSource> | undefined;
  readonly readers?: Parts<DiskReader> | undefined;
  readonly hashers?: Parts<BlockHasher> | undefined;
  readonly metrics?: Parts<DistanceMetric> | undefined;
  readonly clusterers?: Parts<Clusterer> | undefined;
  readonly reporters?: Parts<Reporter> | undefined;
  readonly commands?: Parts<Command> | undefined;
}

/** A plugin, optionally with values for its options. */
export type ConfiguredPlugin = Plugin | readonly [plugin: Plugin, options: OptionValues];

/** Receives one-line notes: `warning` for anomalies that are not errors, `debug` for details. */
export interface Logger {
  note(level: 'warning' | 'debug', message: string): void;
}

/** All registered parts of a kind except the part that this object is injected into. */
export interface OtherParts<Part> {
  /** The names, in the order of registration. */
  readonly names: readonly string[];
  /**
   * Returns the part of that name, constructed at its first use.
   *
   * @throws `usage` if there is no other part of that name, and `plugin` if it cannot be constructed.
   */
  get(name: string): Part;
}

/**
 * The options, services and parts for a {@link PartFactory}. After `create` has returned, `replaced`, `part` and
 * `parts` throw `plugin`; what they returned stays usable.
 */
export interface PartContext<Own> {
  /** The values of the plugin's options, defaults included. */
  readonly options: OptionValues;
  readonly logger: Logger;
  /**
   * The part that the created part replaces.
   *
   * @throws `plugin` if the created part replaces no part, or if the replaced part cannot be constructed.
   */
  readonly replaced: Own;
  /**
   * Returns another part.
   *
   * @throws `usage` if no plugin registers that part, and `plugin` if that part cannot be constructed or needs the part
   *   that is being created.
   */
  part<Kind extends PartKind>(kind: Kind, name: string): PartKinds[Kind];
  /** Returns all parts of a kind except the created part. Does not construct them. */
  parts<Kind extends PartKind>(kind: Kind): OtherParts<PartKinds[Kind]>;
}

/**
 * Returns the token that injects another part: `@inject(partToken('metric', 'hamming')) hamming: DistanceMetric`. Works
 * in the main thread and in worker threads, in any order of registration. Register the token in the container of
 * `createAnalyzer` to replace the part in the main thread.
 */
export function partToken<Kind extends PartKind>(kind: Kind, name: string): InjectionToken<PartKinds[Kind]> {
  return Symbol.for(`virt-similarity.${kind} ${name}`);
}

/**
 * Returns the token that injects all other parts of a kind:
 * `@inject(partsToken('clusterer')) others: OtherParts<Clusterer>`.
 */
export function partsToken<Kind extends PartKind>(kind: Kind): InjectionToken<OtherParts<PartKinds[Kind]>> {
  return Symbol.for(`virt-similarity.${kind}s`);
}

/** Injects the values of the plugin's own options, defaults included. */
export const OPTIONS: InjectionToken<OptionValues> = Symbol.for('virt-similarity.options');

/** Injects the logger. Register your own in the container of `createAnalyzer` to receive the notes of all parts. */
export const LOGGER: InjectionToken<Logger> = Symbol.for('virt-similarity.logger');

/** Injects the part that the constructed part replaces: the earlier plugin's part of the same kind and name. */
export const REPLACED: InjectionToken<unknown> = Symbol.for('virt-similarity.replaced');
