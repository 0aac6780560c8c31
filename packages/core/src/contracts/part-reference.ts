import type { OptionValues } from './options.js';
import type { PartKind } from './plugin.js';

/** What a thread needs to load a plugin: the URL of the plugin's module, and the values of the plugin's options. */
export interface PluginReference {
  readonly url: string;
  readonly options: OptionValues;
}

/** A reference to a part, for a thread that constructs its own instance. */
export interface PartReference {
  readonly kind: PartKind;
  readonly name: string;
  /**
   * The plugins that the thread must import to construct the part, including those of the parts that it depends on,
   * directly or indirectly, in the order of registration.
   */
  readonly plugins: readonly PluginReference[];
}
