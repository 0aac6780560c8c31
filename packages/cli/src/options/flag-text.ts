import { type OptionReference, plainText, VirtSimilarityError, type Wording } from '@virt-similarity/core/errors';
import { shellOperand, shellWord } from '@virt-similarity/core/shell';

/** What the command calls options for which the library has another name than it, beside the case of letters. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['hasher', 'hash'],
  // Notes at level debug are shown then.
  ['onNote', 'verbose'],
]);

/** A message of the library with its options as flags, to be pasted into a shell. */
export function flagText(message: Wording): string {
  return plainText(message, flagOf);
}

/** Whether an error's message shows options in the words of the library, which are not those of the command. */
export function namesOptions(error: Error): error is VirtSimilarityError {
  // An error of another copy of the library may have no `remedy`.
  return error instanceof VirtSimilarityError && (error.remedy ?? []).length > 0;
}

function flagOf({ option, value, image, others }: OptionReference): string {
  const name = NAMES.get(option) ?? option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (image !== undefined) {
    // It applies to every image after it, so what was in force follows the image.
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

/** A word that no shell reads as anything else. */
const PLAIN = /^\w[\w.:@%+,-]*$/;

/** A value as one word of a shell. It may be from a file that somebody else made. */
function shown(value: OptionReference['value']): string {
  return typeof value === 'string' && !PLAIN.test(value) ? shellWord(value) : String(value);
}
