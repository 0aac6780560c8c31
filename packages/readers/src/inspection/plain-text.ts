/** The control characters that text files do not contain: C0 except tab, line feed, form feed, return; and DEL. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the search is for these characters
const CONTROL_CHARACTERS = /[\0-\x08\x0b\x0e-\x1f\x7f]/;

const LINE_FEED = 0x0a;
const SECTOR_BYTES = 512;

/**
 * Returns whether a file contains text instead of a disk: its beginning is text, and either the beginning contains a
 * line feed or the file's size is not a multiple of a sector. Other files that begin with text can be disks, such as
 * disks that tests fill with one character. A file of a single byte is not text.
 *
 * @param head the first bytes
 * @param size bytes
 */
export function isTextFile(head: Uint8Array, size: number): boolean {
  return size > 1 && isPlainText(head) && (head.includes(LINE_FEED) || size % SECTOR_BYTES !== 0);
}

/** Returns whether the beginning of a file is text: valid UTF-8, not only blanks, no control characters. */
function isPlainText(head: Uint8Array): boolean {
  try {
    // Streaming, because the end can split a character.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return !CONTROL_CHARACTERS.test(text) && /\S/.test(text);
  } catch {
    return false;
  }
}
