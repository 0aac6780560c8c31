/** One option of a plugin or a part. Each has a default, or is absent unless given. */
export type OptionDeclaration = {
  /** One line, for help texts and listings. */
  readonly description: string;
} & (
  | { readonly type: 'boolean'; readonly default?: boolean }
  /** `min` and `max` are inclusive. */
  | { readonly type: 'number'; readonly default?: number; readonly min?: number; readonly max?: number }
  /** Bytes; where it is written as text also with a unit: `64K`, `16M`. */
  | { readonly type: 'size'; readonly default?: number; readonly min?: number; readonly max?: number }
  | { readonly type: 'string' | 'file'; readonly default?: string }
  | { readonly type: 'enum'; readonly values: readonly [string, ...string[]]; readonly default?: string }
  /** May be given several times. */
  | { readonly type: 'strings'; readonly default?: readonly string[] }
);

/** Options by name: lower-case words joined by hyphens. */
export type OptionDeclarations = Readonly<Record<string, OptionDeclaration>>;

export type OptionValue = boolean | number | string | readonly string[];

/** Values of options by name. */
export type OptionValues = Readonly<Record<string, OptionValue>>;
