import type { OptionDeclaration, OptionDeclarations, OptionValue, OptionValues } from '../contracts/plugin-options.js';
import { excerptOf, unknownName, VirtSimilarityError } from '../errors.js';

/**
 * The values of a plugin's options, with the defaults of those that are not given. Values that are text, as from a command
 * line, are read as the declared type. Throws `usage` naming the plugin, the option, what was expected and what was found.
 */
export function completePluginOptions(
  plugin: string,
  declared: OptionDeclarations = {},
  given: OptionValues = {},
): OptionValues {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(declared, name));
  if (unknown !== undefined) throw unknownOption(plugin, unknown, Object.keys(declared));
  const entries = Object.entries(declared).flatMap(([name, declaration]): [string, OptionValue][] => {
    const value = given[name] ?? declaration.default;
    return value === undefined ? [] : [[name, checkedValue(`option ${name} of ${plugin}`, declaration, value)]];
  });
  return Object.freeze(Object.fromEntries(entries));
}

function checkedValue(option: string, declaration: OptionDeclaration, value: OptionValue): OptionValue {
  const read = READERS[declaration.type](value, declaration as never);
  if (read !== undefined) return read;
  throw new VirtSimilarityError(
    'usage',
    `${option}: expected ${expectationOf(declaration)}, found ${excerptOf(value)}`,
  );
}

/** By type: the value as that type; nothing where it is none. */
const READERS: {
  readonly [Type in OptionDeclaration['type']]: (
    value: unknown,
    declaration: Extract<OptionDeclaration, { type: Type }>,
  ) => OptionValue | undefined;
} = {
  boolean: (value) => (typeof value === 'boolean' ? value : { true: true, false: false }[String(value)]),
  number: (value, range) => within(range, typeof value === 'string' && value.trim() !== '' ? Number(value) : value),
  size: (value, range) => within(range, typeof value === 'string' ? bytesOf(value) : value),
  string: textOf,
  file: textOf,
  enum: (value, { values }) => values.find((each) => each === value),
  strings: (value) => {
    const values: unknown[] = Array.isArray(value) ? value : [value];
    return values.every((each) => typeof each === 'string') ? values : undefined;
  },
};

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function within({ min = -Infinity, max = Infinity }: { min?: number; max?: number }, value: unknown) {
  return typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max ? value : undefined;
}

const UNITS = ['', 'K', 'M', 'G', 'T'];

function bytesOf(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d+)([KMGT]?)$/i.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * 1024 ** UNITS.indexOf(unit.toUpperCase());
}

function expectationOf(declaration: OptionDeclaration): string {
  switch (declaration.type) {
    case 'boolean':
      return 'true or false';
    case 'enum':
      return `one of ${declaration.values.join(', ')}`;
    case 'number':
      return `a number${rangeOf(declaration)}`;
    case 'size':
      return `bytes, such as 65536 or 64K${rangeOf(declaration)}`;
    case 'file':
      return 'the path of a file';
    default:
      return declaration.type === 'string' ? 'text' : 'a list of texts';
  }
}

function rangeOf({ min, max }: { min?: number; max?: number }): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? '' : ` of at most ${max}`;
}

function unknownOption(plugin: string, name: string, known: readonly string[]): VirtSimilarityError {
  if (known.length > 0) return unknownName(`option of ${plugin}`, name, known);
  return new VirtSimilarityError('usage', `unknown option ${name} of ${plugin}: this plugin takes none; leave it out`);
}
