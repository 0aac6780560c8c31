import type { OptionValues } from './options.js';
import type { PartKind } from './plugin.js';

/** How a thread gets a plugin: it imports the module's default export and gives it the options. */
export interface PluginReference {
  readonly url: string;
  readonly options: OptionValues;
}

/** A part, for a thread that constructs its own instance of it. */
export interface PartReference {
  readonly kind: PartKind;
  readonly name: string;
  /** The part's plugin and those of the parts that are injected into it, in the order of registration. */
  readonly plugins: readonly PluginReference[];
}
