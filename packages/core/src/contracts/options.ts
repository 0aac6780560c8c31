/**
 * The declaration of an option of a plugin, a reporter or a command. Flags, help texts and value checks derive from it.
 * If an option has no default and the user states no value, the option is absent from the values.
 */
export type OptionDeclaration = {
  /** One line, for help texts and listings. */
  readonly description: string;
  /** The name of the value in help texts: `dir` for `--cache <dir>`. The type is shown when absent. */
  readonly placeholder?: string | undefined;
  /** The one-letter form of a command's flag: `o` for `-o`. */
  readonly short?: string | undefined;
} /** A flag such as `--heights`, or `--no-NAME` if the default is true. `negation` describes `--no-NAME`. */ & (
  | {
      readonly type: 'boolean';
      readonly default?: boolean;
      readonly negation?: string;
      /** For a reporter's option: the command sets it to true if the user stated no value and colors may be used. */
      readonly onTerminal?: 'colors';
    }
  /** `min` and `max` are inclusive. */
  | ({
      readonly type: 'number';
      readonly whole?: true;
      /** For a reporter's option: the command sets it to the width of the terminal if the user stated no value. */
      readonly onTerminal?: 'columns';
    } & NumericRange)
  /** A whole number of bytes. As text, it can have a unit: `64K`, `16M`. */
  | ({ readonly type: 'size'; readonly powerOfTwo?: true } & NumericRange)
  /** A time in seconds. As text, it can have up to three decimals. */
  | ({ readonly type: 'seconds' } & NumericRange)
  /** Any text, including the empty string. */
  | { readonly type: 'string'; readonly default?: string }
  /** Non-empty text. With a `negation`, which describes `--no-NAME`, the value can also be `false`. */
  | { readonly type: 'name' | 'file'; readonly default?: string; readonly negation?: string }
  | { readonly type: 'enum'; readonly values: readonly [string, ...string[]]; readonly default?: string }
  /** An option that can be repeated; each value is as for `string` or `file`. */
  | { readonly type: 'strings' | 'files'; readonly default?: readonly string[] }
);

interface NumericRange {
  readonly default?: number | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
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
