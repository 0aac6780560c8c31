/**
 * Characters that a terminal interprets, hides or draws as a blank: the general categories Other (controls, format
 * characters such as bidirectional overrides and tags, lone surrogates, private use, unassigned) and Separator,
 * default ignorable code points (zero-width characters, variation selectors, fillers), and the empty Braille pattern.
 * The space is the only blank that is printed unchanged.
 */
export const UNPRINTABLE = /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u{2800}]/gu;

/** A backslash that could be read as the beginning of an escape, or an unprintable character. */
const AMBIGUOUS = new RegExp(
  `\\\\(?=\\\\|x[0-9a-f]{2}|u\\{[0-9a-f]+\\}|${UNPRINTABLE.source})|${UNPRINTABLE.source}`,
  'gu',
);

/**
 * Returns `\\` for a backslash, `\xNN` for any other character below U+0100, and `\u{N…}` for all others, in lower-case
 * hexadecimal.
 */
export function escapeSequence(character: string): string {
  if (character === '\\') {
    return '\\\\';
  }
  const hexadecimal = (character.codePointAt(0) ?? 0).toString(16);
  return hexadecimal.length <= 2 ? `\\x${hexadecimal.padStart(2, '0')}` : `\\u{${hexadecimal}}`;
}

/**
 * Escapes a text so that it is safe to show on one line of a terminal: {@link UNPRINTABLE} characters become `\xNN` or
 * `\u{N…}`. A backslash is doubled only where it could otherwise be read as the beginning of an escape or as half of a
 * doubled backslash. Different texts stay different, and `C:\images\a.img` is unchanged.
 */
export function terminalText(text: string): string {
  return text.replace(AMBIGUOUS, escapeSequence);
}
