import { isUtf8 } from 'node:buffer';

/** Bytes of the longest character in UTF-8. */
const LONGEST_CHARACTER = 4;

/** What, with a byte that is no UTF-8 added, is the code unit that stands for it. */
const ESCAPE_BASE = 0xdc00;
const ESCAPED = /([\udc80-\udcff])/u;

/**
 * The text of a path, or of a part of one, that loses no byte of it: valid UTF-8 as what it says, each other byte as a
 * lone low surrogate, U+DC80 to U+DCFF, as Python has it (PEP 383). Different bytes give different texts.
 */
export function pathText(bytes: Buffer): string {
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

/** What a path's text stands for, as functions of `node:fs` take it: the text itself unless {@link pathText} escaped some of it. */
export function systemPath(text: string): string | Buffer {
  if (!isEscaped(text)) {
    return text;
  }
  const parts = text.split(ESCAPED);
  return Buffer.concat(parts.map((part, index) => (index % 2 === 0 ? Buffer.from(part) : escapedByte(part))));
}

/** Whether some of a path cannot be said in UTF-8, so that no other program can be given its text. */
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
