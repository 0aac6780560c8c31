import { type OptionReference, plainText, VirtSimilarityError, type Wording } from '@virt-similarity/core/errors';
import { shellOperand, shellWord } from '@virt-similarity/core/shell';

/** Maps library options to their flags, for flags that are not the option's name in kebab case. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['hasher', 'hash'],
  ['keys', 'key'],
  // --verbose shows notes of level debug.
  ['onNote', 'verbose'],
]);

/** The name by which warnings of reporters refer to a report's companion text, such as a table of names. */
const COMPANION = 'companion';

/** Returns a message of the library in which options are written as flags that can be pasted into a shell. */
export function flagText(message: Wording): string {
  return plainText(message, flagOf);
}

/** Returns whether an error's message names options of the library, which must be replaced by flags. */
export function namesOptions(error: Error): error is VirtSimilarityError {
  // An error of an older version of the library can lack a `remedy`.
  return error instanceof VirtSimilarityError && (error.remedy ?? []).length > 0;
}

function flagOf({ option, value, image, others }: OptionReference): string {
  if (option === COMPANION) {
    return '--names FILE';
  }
  const name = NAMES.get(option) ?? option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (image !== undefined) {
    // The flag applies to every image after it, so the previous value is restored after this image.
    return `--${name} ${shown(value)} ${shellOperand(image)} --${name} ${others}`;
  }
  if (typeof value === 'object') {
    return value.map((path) => `--${name} ${shellWord(path)}`).join(' ');
  }
  if (value === false || value === 'off') {
    return `--no-${name}`;
  }
  return value === undefined || value === true ? `--${name}` : `--${name} ${shown(value)}`;
}

/** A word that needs no quotes in any shell. */
const PLAIN = /^\w[\w.:@%+,-]*$/;

/** Returns a value as one shell word, quoted if needed, because the value can come from an untrusted file. */
function shown(value: OptionReference['value']): string {
  return typeof value === 'string' && !PLAIN.test(value) ? shellWord(value) : String(value);
}
