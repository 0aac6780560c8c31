import type { OptionDeclaration, OptionDeclarations, OptionValue, OptionValues } from '../contracts/options.js';
import { didYouMean, excerptOf, unknownName, VirtSimilarityError } from '../errors.js';

/**
 * Validates the values of options and adds defaults. Converts strings, such as command-line arguments, to the declared
 * types. Returns a frozen object.
 *
 * @param owner the owner of the options, for messages: a plugin's name, or `reporter newick`
 * @throws `usage` for an option that is not declared, and for an invalid value. The message names the option, and what
 *   was expected and found.
 */
export function completeOptionValues(
  owner: string,
  declared: OptionDeclarations = {},
  given: OptionValues = {},
): OptionValues {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(declared, name));
  if (unknown !== undefined) {
    throw unknownOption(owner, unknown, Object.keys(declared));
  }
  const entries = Object.entries(declared).flatMap(([name, declaration]): [string, OptionValue][] => {
    const value = (Object.hasOwn(given, name) ? given[name] : undefined) ?? declaration.default;
    return value === undefined ? [] : [[name, optionValueOf(`option ${name} of ${owner}`, declaration, value)]];
  });
  return Object.freeze(Object.fromEntries(entries));
}

/**
 * Converts a value to the declared type.
 *
 * @param subject the beginning of the message, such as `--jobs`
 * @throws `usage` for an invalid value. The message says what was expected and found.
 */
export function optionValueOf(subject: string, declaration: OptionDeclaration, value: unknown): OptionValue {
  const read = readOptionValue(declaration, value);
  if (read !== undefined) {
    return read;
  }
  const wrong = Array.isArray(value) ? (value.find((each) => !isReadable(declaration, each)) ?? value) : value;
  const expected = expectationOf(declaration, wrong);
  const found = wrong === '' ? 'nothing' : excerptOf(wrong);
  const meant = declaration.type === 'enum' && typeof wrong === 'string' ? didYouMean(wrong, declaration.values) : '';
  const separator = expected.includes(',') ? ';' : ',';
  throw new VirtSimilarityError('usage', `${subject}: expected ${expected}${separator} found ${found}${meant}`);
}

/** Converts a value to the declared type. Returns `undefined` if the value is not valid. */
export function readOptionValue(declaration: OptionDeclaration, value: unknown): OptionValue | undefined {
  return READERS[declaration.type](value, declaration as never);
}

/** Returns whether a value is an object of option declarations, each with a known type and a description. */
export function areDeclarations(value: unknown): value is OptionDeclarations {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return false;
  }
  return Object.values(value).every((each: Partial<OptionDeclaration> | null) => {
    const isKnown = Object.hasOwn(READERS, String(each?.type));
    return isKnown && typeof each?.description === 'string' && (each.type !== 'enum' || Array.isArray(each.values));
  });
}

/** Formats a number of bytes in the largest unit that divides it evenly: `64K` for 65,536. */
export function formatSize(bytes: number): string {
  const power = bytes === 0 ? 0 : UNITS.findLastIndex((_, index) => bytes % 1024 ** index === 0);
  return `${bytes / 1024 ** power}${UNITS[power]}`;
}

/** By type: the function that converts a value, or returns `undefined` if the value is not valid. */
const READERS: {
  readonly [Type in OptionDeclaration['type']]: (
    value: unknown,
    declaration: Extract<OptionDeclaration, { type: Type }>,
  ) => OptionValue | undefined;
} = {
  boolean: (value) => (typeof value === 'boolean' ? value : BOOLEANS.get(value)),
  number: (value, { whole, ...range }) => {
    const number = within(range, typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value);
    return whole && !Number.isInteger(number) ? undefined : number;
  },
  size: (value, { powerOfTwo, ...range }) => {
    const bytes = within(range, typeof value === 'string' ? bytesOf(value) : value) ?? Number.NaN;
    return Number.isSafeInteger(powerOfTwo ? Math.log2(bytes) : bytes) ? bytes : undefined;
  },
  seconds: (value, range) => within(range, typeof value === 'string' && SECONDS.test(value) ? Number(value) : value),
  string: textOf,
  name: wordOf,
  file: wordOf,
  enum: (value, { values }) => values.find((each) => each === value),
  strings: (value) => listOf(value, textOf),
  files: (value) => listOf(value, (each) => wordOf(each, {})),
};

const BOOLEANS: ReadonlyMap<unknown, boolean> = new Map([
  ['true', true],
  ['false', false],
]);
const DECIMAL = /^-?\d+(\.\d+)?(e-?\d+)?$/i;
const SECONDS = /^\d{1,10}(\.\d{1,3})?$/;
const UNITS = ['', 'K', 'M', 'G', 'T', 'P'];

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function wordOf(value: unknown, { negation }: { readonly negation?: string }): string | false | undefined {
  if (negation !== undefined && value === false) {
    return value;
  }
  return textOf(value) || undefined;
}

function listOf(value: unknown, read: (each: unknown) => OptionValue | undefined): readonly string[] | undefined {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.every((each) => read(each) !== undefined) ? (values as string[]) : undefined;
}

function within(
  { min = -Infinity, max = Infinity }: { min?: number | undefined; max?: number | undefined },
  value: unknown,
) {
  return typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max ? value : undefined;
}

/** Parses a size such as `4096`, `64K`, `64KiB`, `500G` or `64T`. Units can be in upper or lower case. */
function bytesOf(text: string): number | undefined {
  const [, digits, unit = ''] = /^(0|[1-9]\d{0,15})(?:([KMGTP])(?:iB)?)?$/i.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * 1024 ** UNITS.indexOf(unit.toUpperCase());
}

function isReadable(declaration: OptionDeclaration, value: unknown): boolean {
  return readOptionValue(declaration, value) !== undefined;
}

function expectationOf(declaration: OptionDeclaration, found: unknown): string {
  switch (declaration.type) {
    case 'boolean':
      return 'true or false';
    case 'enum':
      return `one of ${declaration.values.join(', ')}`;
    case 'number':
      return `a ${declaration.whole ? 'whole ' : ''}number${rangeOf(declaration, String)}`;
    case 'size': {
      const kind = declaration.powerOfTwo ? 'a power of two' : 'a number of bytes';
      return `${kind}${rangeOf(declaration, formatSize)}, such as 65536 or 64K`;
    }
    case 'seconds':
      return `seconds${rangeOf(declaration, String)}, such as 60 or 0.5`;
    case 'name':
    case 'file': {
      const text = declaration.type === 'name' ? 'a name' : 'a path';
      return declaration.negation === undefined || typeof found === 'string' ? text : `${text} or false`;
    }
    case 'files':
      return Array.isArray(found) ? 'a list of paths' : 'a path';
    default:
      return declaration.type === 'string' ? 'a string' : 'a list of strings';
  }
}

function rangeOf(
  { min, max }: { min?: number | undefined; max?: number | undefined },
  format: (bound: number) => string,
): string {
  if (min !== undefined && max !== undefined) {
    return ` from ${format(min)} to ${format(max)}`;
  }
  if (min !== undefined) {
    return ` of at least ${format(min)}`;
  }
  return max === undefined ? '' : ` of at most ${format(max)}`;
}

function unknownOption(owner: string, name: string, known: readonly string[]): VirtSimilarityError {
  if (known.length > 0) {
    return unknownName('option', name, known, owner);
  }
  return new VirtSimilarityError('usage', `unknown option ${name} of ${owner}: it has no options; leave it out`);
}
