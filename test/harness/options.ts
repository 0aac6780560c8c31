import { parseArgs } from 'node:util';
import { messageOf } from '@virt-similarity/core';
import { newSeed } from '../fixtures/seeded-random.js';

/** An option of a harness. */
export interface Option<Value> {
  /** The placeholder of the value in the usage text, such as `N`. Absent if the option has no value. */
  readonly placeholder?: string;
  readonly description: string;
  /** Parses the option's values on the command line, in order; empty if absent. @throws UsageError if one is invalid */
  read(given: readonly string[]): Value;
}

export type Options = Readonly<Record<string, Option<unknown>>>;

/** The values of options by name. */
export type Values<O extends Options> = { readonly [Name in keyof O]: O[Name] extends Option<infer V> ? V : never };

/** An invalid command line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function flag(description: string): Option<boolean> {
  return { description, read: (given) => given.length > 0 };
}

export function text(placeholder: string, description: string): Option<string | undefined> {
  return { placeholder, description, read: (given) => given.at(-1) };
}

/** An option that can be repeated. */
export function texts(placeholder: string, description: string): Option<readonly string[]> {
  return { placeholder, description: `${description}; may be repeated`, read: (given) => given };
}

export function wholeNumber(description: string): Option<number | undefined> {
  return { placeholder: 'N', description, read: (given) => given.map(wholeNumberOf).at(-1) };
}

/** An option whose default is a new random seed. */
export function seed(what: string): Option<number> {
  return {
    placeholder: 'N',
    description: `repeats ${what} of the run that printed this seed`,
    read: (given) => given.map(wholeNumberOf).at(-1) ?? newSeed(),
  };
}

function wholeNumberOf(word: string): number {
  const number = Number(word);
  if (word.trim() === '' || !Number.isSafeInteger(number) || number < 0) {
    throw new UsageError(`expected a whole number, found '${word}'`);
  }
  return number;
}

/** @throws UsageError for an unknown option or an invalid value */
export function readOptions<O extends Options>(words: readonly string[], options: O): Values<O> {
  const entries = Object.entries(options);
  const types = entries.map(([name, { placeholder }]) => [
    name,
    { type: placeholder === undefined ? ('boolean' as const) : ('string' as const), multiple: true },
  ]);
  const given = parse(words, Object.fromEntries(types));
  return Object.fromEntries(
    entries.map(([name, option]) => [name, option.read((given[name] ?? []).map(String))]),
  ) as Values<O>;
}

type ParsedTypes = Record<string, { readonly type: 'boolean' | 'string'; readonly multiple: boolean }>;

function parse(words: readonly string[], options: ParsedTypes): Record<string, (string | boolean)[]> {
  try {
    return parseArgs({ args: [...words], options }).values as Record<string, (string | boolean)[]>;
  } catch (thrown) {
    throw new UsageError(messageOf(thrown));
  }
}

/** Returns one line per option. */
export function describeOptions(options: Options): string {
  const rows = Object.entries(options).map(
    ([name, { placeholder, description }]) => [`--${name} ${placeholder ?? ''}`.trimEnd(), description] as const,
  );
  const width = Math.max(...rows.map(([words]) => words.length)) + 3;
  return rows.map(([words, description]) => `  ${words.padEnd(width)}${description}`).join('\n');
}
