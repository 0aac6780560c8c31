import { isUtf8 } from 'node:buffer';

/** The number of bytes of the longest character in UTF-8. */
const LONGEST_CHARACTER = 4;

/** A byte that is not part of valid UTF-8 is escaped by the code unit whose number is this base plus the byte. */
const ESCAPE_BASE = 0xdc00;
const ESCAPED = /([\udc80-\udcff])/u;

/**
 * Converts a path, or a part of a path, to text without losing a byte: valid UTF-8 is decoded, and each other byte
 * becomes a lone low surrogate, U+DC80 to U+DCFF, as in Python (PEP 383). Different bytes give different texts.
 *
 * @param bytes text is returned unchanged, because `realpath` returns text under Yarn's Plug'n'Play even if bytes are
 *   requested
 */
export function pathText(bytes: Buffer | string): string {
  if (typeof bytes === 'string') {
    return bytes;
  }
  if (isUtf8(bytes)) {
    return bytes.toString();
  }
  let text = '';
  for (let start = 0; start < bytes.length; ) {
    const character = characterAt(bytes, start);
    text += character?.toString() ?? String.fromCharCode(ESCAPE_BASE + bytes[start]!);
    start += character?.length ?? 1;
  }
  return text;
}

/**
 * Converts a path's text for functions of `node:fs`. Returns the text itself unless it contains bytes that
 * {@link pathText} escaped.
 */
export function systemPath(text: string): string | Buffer {
  if (!isEscaped(text)) {
    return text;
  }
  const parts = text.split(ESCAPED);
  return Buffer.concat(parts.map((part, index) => (index % 2 === 0 ? Buffer.from(part) : escapedByte(part))));
}

/**
 * Returns whether the text is that of a path that is not valid UTF-8 and therefore cannot be passed to other programs
 * as text.
 */
export function isEscaped(text: string): boolean {
  return ESCAPED.test(text);
}

function characterAt(bytes: Buffer, start: number): Buffer | undefined {
  for (let length = 1; length <= LONGEST_CHARACTER; length++) {
    const character = bytes.subarray(start, start + length);
    if (isUtf8(character)) {
      return character;
    }
  }
  return undefined;
}

function escapedByte(unit: string): Buffer {
  return Buffer.of(unit.charCodeAt(0) - ESCAPE_BASE);
}
