/** Every control character that text files do not hold: all of C0 but tab, line feed, form feed, return; and DEL. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL_CHARACTERS = /[\0-\x08\x0b\x0e-\x1f\x7f]/;

/** Whether the beginning of a file is text: valid UTF-8, at least one character, no control characters. */
export function isPlainText(head: Uint8Array): boolean {
  if (head.length === 0) {
    return false;
  }
  try {
    // Streaming, because the last character may be cut in two.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return !CONTROL_CHARACTERS.test(text);
  } catch {
    return false;
  }
}
