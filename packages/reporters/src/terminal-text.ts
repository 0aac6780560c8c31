/**
 * Characters that a terminal obeys or hides instead of showing: C0, DEL and C1 controls, bidirectional marks,
 * embeddings, overrides and isolates, line and paragraph separators, zero-width space, word joiner and byte order
 * mark; and lone surrogates and noncharacters, which cannot be written as UTF-8 or XML.
 */
export const UNPRINTABLE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Noncharacter_Code_Point}\u{200b}\u{2060}\u{feff}]/gu;

/** A backslash that would be taken for the beginning of an escape, or an unprintable character. */
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
 * The text on one line and fit to be shown on a terminal: {@link UNPRINTABLE} characters stand as `\xNN` or `\u{N…}`.
 * A backslash stays as it is unless it would then read as the beginning of an escape, or as half of a doubled one:
 * such a backslash is doubled. So different texts stay different, and `C:\images\a.img` stays what it is.
 */
export function terminalText(text: string): string {
  return text.replace(AMBIGUOUS, escapeSequence);
}
