import { inspect } from 'node:util';

/**
 * An option that a message names. The library shows it as a member of an options object. A program with other names for
 * options, such as flags, shows its own names instead.
 */
export interface OptionReference {
  /** Name of an option of the library, such as `reader`, or of an option that a plugin declares. */
  readonly option: string;
  /**
   * The value to set; absent if the surrounding text states the value, or if the value is unknown. The items of a list
   * are paths.
   */
  readonly value?: string | number | boolean | readonly string[] | undefined;
  /** Path of the image to set the option for; absent if the option applies to all images. */
  readonly image?: string | undefined;
  /** The value that the option keeps for the other images; absent if `image` is absent. */
  readonly others?: string | undefined;
}

/** A message or part of a message, on one line, with the options that it names separate from the text. */
export type Wording = string | readonly (string | OptionReference)[];

/**
 * A template tag for wordings. Values can be options, other wordings and numbers. Returns a string if no options are
 * among them.
 */
export function wording(
  texts: TemplateStringsArray,
  ...values: readonly (Wording | OptionReference | number)[]
): Wording {
  const parts: (string | OptionReference)[] = [];
  for (const part of texts.flatMap((text, index) => [text, ...partsOf(values[index] ?? '')])) {
    const last = parts.at(-1);
    if (typeof part === 'string' && typeof last === 'string') {
      parts[parts.length - 1] = last + part;
    } else if (part !== '') {
      parts.push(part);
    }
  }
  return parts.every((part) => typeof part === 'string') ? parts.join('') : parts;
}

/**
 * Formats a wording as plain text.
 *
 * @param showOption formats an option; by default as an object member: `` `reader: 'qemu'` ``
 */
export function plainText(message: Wording, showOption: (reference: OptionReference) => string = showAsMember): string {
  return partsOf(message)
    .map((part) => (typeof part === 'string' ? part : showOption(part)))
    .join('');
}

/** Returns the options that a wording names. */
export function optionsIn(message: Wording): readonly OptionReference[] {
  return partsOf(message).filter((part) => typeof part !== 'string');
}

/** Returns the arguments for a note callback: the text and its wording. */
export function asNote(message: Wording): readonly [message: string, wording: Wording] {
  return [plainText(message), message];
}

function partsOf(value: Wording | OptionReference | number): readonly (string | OptionReference)[] {
  if (typeof value === 'string' || typeof value === 'number') {
    return [String(value)];
  }
  return 'option' in value ? [value] : value;
}

function showAsMember({ option, value, image }: OptionReference): string {
  if (image !== undefined) {
    return `\`${onOneLine({ path: image, [option]: value })}\``;
  }
  // Removes the braces.
  return value === undefined ? `\`${option}\`` : `\`${onOneLine({ [option]: value }).slice(2, -2)}\``;
}

function onOneLine(value: object): string {
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY });
}
