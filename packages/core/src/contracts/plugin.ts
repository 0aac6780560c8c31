import type { BlockHasher } from './block-hasher.js';
import type { Clusterer } from './clusterer.js';
import type { DiskReader } from './disk-reader.js';
import type { DistanceMetric } from './distance-metric.js';
import type { Reporter } from './reporter.js';

/**
 * A class that tsyringe can construct: without parameters, or `@injectable()` with `@inject(TOKEN)` on every one of them.
 * Constructing is cheap; what is heavy is loaded at first use.
 */
// biome-ignore lint/suspicious/noExplicitAny: the container, not the caller, supplies the arguments
export type Constructor<T> = new (...dependencies: any[]) => T;

/**
 * What a plugin module exports by default. The project's own packages are plugins of exactly this kind.
 *
 * ```ts
 * export default { name: 'my-plugin', url: import.meta.url, reporters: [MyReporter] } satisfies Plugin;
 * ```
 */
export interface Plugin {
  /** The package's or module's name, for listings and error messages. */
  readonly name: string;
  /**
   * Where the module can be imported from: `import.meta.url`. Hashers of a plugin that says so run in worker threads,
   * others in the main thread; so do the metrics, clusterers and reporters of one that is to be isolated. The module's
   * default export must have these very classes: a thread gets nothing of what a factory was given, so a plugin with
   * options is the default export of a module of its own.
   */
  readonly url?: string;
  readonly readers?: readonly Constructor<DiskReader>[];
  readonly hashers?: readonly Constructor<BlockHasher>[];
  readonly metrics?: readonly Constructor<DistanceMetric>[];
  readonly clusterers?: readonly Constructor<Clusterer>[];
  readonly reporters?: readonly Constructor<Reporter>[];
}
