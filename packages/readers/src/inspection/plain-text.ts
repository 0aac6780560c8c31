/** The control characters that text files do not contain: C0 except tab, line feed, form feed, return; and DEL. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the search is for these characters
const CONTROL_CHARACTERS = /[\0-\x08\x0b\x0e-\x1f\x7f]/;

/** Returns whether the beginning of a file is text: valid UTF-8, at least one character, no control characters. */
export function isPlainText(head: Uint8Array): boolean {
  if (head.length === 0) {
    return false;
  }
  try {
    // Streaming, because the end may split a character.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return !CONTROL_CHARACTERS.test(text);
  } catch {
    return false;
  }
}
