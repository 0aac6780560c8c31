/**
 * Characters that a terminal obeys, hides or draws as a blank: everything of the general categories Other (controls,
 * format characters such as bidirectional overrides and tags, lone surrogates, private use, unassigned) and Separator,
 * everything that Unicode ignores by default (zero-width characters, variation selectors, fillers), and the empty
 * Braille pattern. The space is the only blank that is printed as it is.
 */
export const UNPRINTABLE = /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u{2800}]/gu;

/** A backslash that would read as the beginning of an escape, or an unprintable character. */
const AMBIGUOUS = new RegExp(
  `\\\\(?=\\\\|x[0-9a-f]{2}|u\\{[0-9a-f]+\\}|${UNPRINTABLE.source})|${UNPRINTABLE.source}`,
  'gu',
);

/** `\xNN` for a character below U+0100, `\u{N…}` for any other, `\\` for a backslash; in lower-case hexadecimal. */
export function escapeSequence(character: string): string {
  if (character === '\\') {
    return '\\\\';
  }
  const hexadecimal = (character.codePointAt(0) ?? 0).toString(16);
  return hexadecimal.length <= 2 ? `\\x${hexadecimal.padStart(2, '0')}` : `\\u{${hexadecimal}}`;
}

/**
 * Makes a text safe to show on a terminal, on one line: {@link UNPRINTABLE} characters become `\xNN` or `\u{N…}`. A
 * backslash is doubled only where it would otherwise read as the beginning of an escape or as half of a doubled
 * backslash. Different texts stay different, and `C:\images\a.img` stays as it is.
 */
export function terminalText(text: string): string {
  return text.replace(AMBIGUOUS, escapeSequence);
}
