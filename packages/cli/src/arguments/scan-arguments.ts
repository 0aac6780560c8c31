import type { Flag } from '../options/flags.js';

/** One element of a command line. */
export type ScannedArgument = ScannedOption | Operand;

/** A known option. */
export interface ScannedOption {
  readonly kind: 'option';
  readonly flag: Flag;
  /** Absent if the option takes no value, or if the words end before its value. */
  readonly value: string | undefined;
}

/** A word that is neither a known option nor the value of one: an operand, or an unknown option. */
export interface Operand {
  readonly kind: 'operand';
  readonly value: string;
  /** Index among the words. */
  readonly position: number;
  /** Whether it follows `--`, so that it is an operand even if it looks like an option. */
  readonly isLiteral: boolean;
}

/**
 * Returns the options and operands of a command line in their original order. The meaning of `--format` depends on
 * that order, which commander does not keep. Also, commander cannot parse before the command is known.
 *
 * Follows commander's grammar for options with at most one value: `--name value`, `--name=value`, `-n value`,
 * `-nvalue`, `-nm`, and `--` before literal operands.
 *
 * Refuses nothing. A word that begins with an unknown option is returned as an operand. In a combined word such as
 * `-vX`, everything from the first unknown option on is dropped, and a value that is attached to an option without
 * values, as in `--quiet=x`, is dropped too. Commander refuses these words and an option whose value is missing, except
 * that it accepts negative numbers, such as `-5`, as operands; `requireEffect` refuses those.
 */
export function scanArguments(words: readonly string[], flags: readonly Flag[]): ScannedArgument[] {
  const scanned: ScannedArgument[] = [];
  for (let position = 0; position < words.length; position += 1) {
    const word = words[position] ?? '';
    if (word === '--') {
      const literal = words.slice(position + 1).map((value, index) => operand(value, position + 1 + index, true));
      return [...scanned, ...literal];
    }
    const found = scanWord(word, flags);
    const last = found.at(-1);
    if (last === undefined) {
      scanned.push(operand(word, position, false));
    } else if (last.flag.takesValue && last.value === undefined) {
      position += 1;
      scanned.push(...found.slice(0, -1), { ...last, value: words[position] });
    } else {
      scanned.push(...found);
    }
  }
  return scanned;
}

/**
 * Returns the options in one word up to the first unknown option: several if short options are combined after one
 * hyphen, none if the word does not begin with a known option.
 */
function scanWord(word: string, flags: readonly Flag[]): ScannedOption[] {
  const written = flagIn(word);
  const flag = flags.find(({ long, short }) => long === written || short === written);
  if (flag === undefined) {
    return [];
  }
  if (flag.takesValue) {
    return [{ kind: 'option', flag, value: attachedValue(word, written) }];
  }
  const others = isShort(word) && word.length > 2 ? scanWord(`-${word.slice(2)}`, flags) : [];
  return [{ kind: 'option', flag, value: undefined }, ...others];
}

function operand(value: string, position: number, isLiteral: boolean): Operand {
  return { kind: 'operand', value, position, isLiteral };
}

function isShort(word: string): boolean {
  return word.startsWith('-') && !word.startsWith('--');
}

function flagIn(word: string): string {
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
