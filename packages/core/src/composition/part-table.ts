import type { PartKind, PartProvider } from '../contracts/plugin.js';
import { unknownName } from '../errors.js';
import { contributedParts, PART_KIND_NAMES } from './part-kinds.js';
import type { RegisteredPlugin } from './registered-plugin.js';

/** A part that a plugin registered. */
export interface RegisteredPart {
  readonly kind: PartKind;
  readonly name: string;
  readonly from: RegisteredPlugin;
  readonly provider: PartProvider<object>;
  /** The earlier part of the same kind and name, if any. */
  readonly replaced: RegisteredPart | undefined;
  /** The instance, once it is constructed. */
  part: object | undefined;
  /**
   * The plugins that the part needs: its own, and those of the parts that it requested during its construction or can
   * request later. Complete once the part is constructed.
   */
  readonly plugins: Set<RegisteredPlugin>;
}

/** The parts of plugins by kind and name. A later part replaces an earlier part of the same kind and name. */
export class PartTable {
  /** The parts by kind and name, in the order of the first registration of each kind and name. */
  readonly #parts = new Map<string, RegisteredPart>();

  constructor(plugins: readonly RegisteredPlugin[]) {
    for (const from of plugins) {
      for (const kind of PART_KIND_NAMES) {
        for (const [name, provider] of Object.entries(contributedParts(from.plugin, kind))) {
          this.#register(kind, name, from, provider as PartProvider<object>);
        }
      }
    }
  }

  /**
   * Returns a part by kind and name.
   *
   * @throws `usage`, with the known names, if there is no such part.
   */
  get(kind: PartKind, name: string): RegisteredPart {
    const found = this.#parts.get(keyOf(kind, name));
    if (found === undefined) {
      throw unknownName(kind, name, this.names(kind));
    }
    return found;
  }

  /** Returns the names of a kind, in the order of registration. */
  names(kind: PartKind): readonly string[] {
    return this.all.filter((part) => part.kind === kind).map(({ name }) => name);
  }

  /** The parts of all kinds, in the order of registration. */
  get all(): readonly RegisteredPart[] {
    return [...this.#parts.values()];
  }

  #register(kind: PartKind, name: string, from: RegisteredPlugin, provider: PartProvider<object>): void {
    const key = keyOf(kind, name);
    const replaced = this.#parts.get(key);
    this.#parts.set(key, { kind, name, from, provider, replaced, part: undefined, plugins: new Set([from]) });
  }
}

function keyOf(kind: PartKind, name: string): string {
  return `${kind} ${name}`;
}
