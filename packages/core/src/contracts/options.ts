/**
 * One option of a plugin, a reporter or a command. Flags, help texts and the checks of values are made from it.
 * An option without a default is absent unless it is given.
 */
export type OptionDeclaration = {
  /** One line, for help texts and listings. */
  readonly description: string;
  /** What help texts call the value: `dir` for `--cache <dir>`. The type is shown when absent. */
  readonly placeholder?: string;
  /** One letter for the same flag of a command: `o` for `-o`. */
  readonly short?: string;
} /** `--heights`; where the default is true `--no-sandbox`, which `negation` describes. */ & (
  | { readonly type: 'boolean'; readonly default?: boolean; readonly negation?: string }
  /** `min` and `max` are inclusive. */
  | ({ readonly type: 'number'; readonly whole?: true } & NumericRange)
  /** Bytes; where it is written as text also with a unit: `64K`, `16M`. */
  | ({ readonly type: 'size'; readonly powerOfTwo?: true } & NumericRange)
  /** A time, to the millisecond. */
  | ({ readonly type: 'seconds' } & NumericRange)
  /** Any text, also an empty one. */
  | { readonly type: 'string'; readonly default?: string }
  /** Text that is not empty. With a `negation`, which describes `--no-NAME`, the value can be `false` too. */
  | { readonly type: 'name' | 'file'; readonly default?: string; readonly negation?: string }
  | { readonly type: 'enum'; readonly values: readonly [string, ...string[]]; readonly default?: string }
  /** May be given several times: texts as `string` takes them, and paths as `file` does. */
  | { readonly type: 'strings' | 'files'; readonly default?: readonly string[] }
);

interface NumericRange {
  readonly default?: number;
  readonly min?: number;
  readonly max?: number;
}

/** Options by name: lower-case words joined by hyphens. */
export type OptionDeclarations = Readonly<Record<string, OptionDeclaration>>;

export type OptionValue = boolean | number | string | readonly string[];

/** Values of options by name. */
export type OptionValues = Readonly<Record<string, OptionValue>>;

/** The values of options that are declared `as const`. */
export type ValuesOf<Declared extends OptionDeclarations> = {
  readonly [Name in NamesWithDefault<Declared>]: ValueOf<Declared[Name]>;
} & {
  readonly [Name in Exclude<keyof Declared, NamesWithDefault<Declared>>]?: ValueOf<Declared[Name]>;
};

type NamesWithDefault<Declared extends OptionDeclarations> = {
  [Name in keyof Declared]: Declared[Name] extends { readonly default: OptionValue } ? Name : never;
}[keyof Declared];

type ValueOf<Declaration extends OptionDeclaration> =
  | (Declaration extends { readonly negation: string } ? false : never)
  | (Declaration extends { readonly type: 'boolean' }
      ? boolean
      : Declaration extends { readonly type: 'number' | 'size' | 'seconds' }
        ? number
        : Declaration extends { readonly type: 'enum'; readonly values: readonly (infer Value)[] }
          ? Value
          : Declaration extends { readonly type: 'strings' | 'files' }
            ? readonly string[]
            : string);
