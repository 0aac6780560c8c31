import { inspect } from 'node:util';

/**
 * An option that a message names. The library shows it as a member of its options; a program that has other names for
 * them, such as flags, shows those instead.
 */
export interface OptionReference {
  /** Name of an option of the library, such as `reader`, or of an option that a plugin declares. */
  readonly option: string;
  /** What to set it to; absent where the text around it says so. A list is one of paths. */
  readonly value?: string | number | boolean | readonly string[];
  /** Path of the one image that it is to be set for; absent where it concerns all. */
  readonly image?: string;
  /** The value that stays in force for the images beside `image`. */
  readonly others?: string;
}

/** A message or a part of one, on one line. The options that it names are apart from the text around them. */
export type Wording = string | readonly (string | OptionReference)[];

/** Tag of a template whose values can be options, and wordings that contain some. Text without options is a string. */
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
 * A wording as one text.
 *
 * @param showOption by default as the member of an object: `` `reader: 'qemu'` ``
 */
export function plainText(message: Wording, showOption: (reference: OptionReference) => string = showAsMember): string {
  return partsOf(message)
    .map((part) => (typeof part === 'string' ? part : showOption(part)))
    .join('');
}

/** The options that a wording names. */
export function optionsIn(message: Wording): readonly OptionReference[] {
  return partsOf(message).filter((part) => typeof part !== 'string');
}

/** The arguments of a callback that takes notes: the text, and its wording. */
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
  // Without the braces.
  return value === undefined ? `\`${option}\`` : `\`${onOneLine({ [option]: value }).slice(2, -2)}\``;
}

function onOneLine(value: object): string {
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY });
}
