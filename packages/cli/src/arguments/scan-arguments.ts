import type { Option } from '../commander.js';

/** One thing on the command line. */
export type ScannedArgument = ScannedOption | Operand;

/** An option, and its value if it takes one. */
interface ScannedOption {
  readonly kind: 'option';
  readonly option: Option;
  readonly value: string | undefined;
}

/** A word that is neither an option nor an option's value. */
interface Operand {
  readonly kind: 'operand';
  readonly value: string;
  /** Index among the words. */
  readonly position: number;
  /** Whether it stands after `--`, so that it names an image whatever it looks like. */
  readonly isLiteral: boolean;
}

/**
 * The command line in the order in which it was written, which commander does not tell: it keeps operands and options
 * apart, while `--format` speaks of the images after it.
 *
 * Follows commander's grammar for options that take one value or none: `--name value`, `--name=value`, `-n value`,
 * `-nvalue`, `-nm`, and `--` before operands only. What begins with a hyphen and is no known option is an operand here;
 * commander refuses it.
 */
export function scanArguments(words: readonly string[], options: readonly Option[]): ScannedArgument[] {
  const scanned: ScannedArgument[] = [];
  for (let position = 0; position < words.length; position += 1) {
    const word = words[position] ?? '';
    if (word === '--') {
      const literal = words.slice(position + 1).map((value, index) => operand(value, position + 1 + index, true));
      return [...scanned, ...literal];
    }
    const found = scanWord(word, options);
    const last = found.at(-1);
    if (last === undefined) {
      scanned.push(operand(word, position, false));
    } else if (last.option.required && last.value === undefined) {
      position += 1;
      scanned.push(...found.slice(0, -1), { ...last, value: words[position] });
    } else {
      scanned.push(...found);
    }
  }
  return scanned;
}

/** The options in one word, of which there may be several after one hyphen; none if it is no known option. */
function scanWord(word: string, options: readonly Option[]): ScannedOption[] {
  const flag = flagOf(word);
  const option = options.find(({ long, short }) => long === flag || short === flag);
  if (option === undefined) {
    return [];
  }
  if (option.required) {
    return [{ kind: 'option', option, value: attachedValue(word, flag) }];
  }
  const others = isShort(word) && word.length > 2 ? scanWord(`-${word.slice(2)}`, options) : [];
  return [{ kind: 'option', option, value: undefined }, ...others];
}

function operand(value: string, position: number, isLiteral: boolean): Operand {
  return { kind: 'operand', value, position, isLiteral };
}

function isShort(word: string): boolean {
  return word.startsWith('-') && !word.startsWith('--');
}

function flagOf(word: string): string {
  if (isShort(word)) {
    return word.slice(0, 2);
  }
  const equals = word.indexOf('=');
  return word.startsWith('--') && equals > 0 ? word.slice(0, equals) : word;
}

function attachedValue(word: string, flag: string): string | undefined {
  if (word.length === flag.length) {
    return undefined;
  }
  return isShort(word) ? word.slice(2) : word.slice(flag.length + 1);
}
