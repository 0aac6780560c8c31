import type { OptionValues } from './options.js';
import type { PartKind } from './plugin.js';

/** The information that a thread needs to load a plugin: its module, which exports it by default, and its options. */
export interface PluginReference {
  readonly url: string;
  readonly options: OptionValues;
}

/** A reference to a part, for a thread that constructs its own instance. */
export interface PartReference {
  readonly kind: PartKind;
  readonly name: string;
  /** The plugins of the part and of the parts that are injected into it, in the order of registration. */
  readonly plugins: readonly PluginReference[];
}
