import { type Field, fieldsAt } from './field-mutations.js';

const MAGIC_BYTES = 6;
const CONTINUATION = 0xffff_ffff;

/**
 * Returns the numbers in the footer and messages of an Arrow IPC file. The fields of a FlatBuffer are aligned, so every
 * aligned word is an offset, a length, a count, a value, or a piece of text. All of them are included.
 */
export function arrowFields(content: Buffer): Field[] {
  const footerLength = content.readUInt32LE(content.length - 10);
  const footer = content.length - 10 - footerLength;
  return [
    ...fieldsAt(content.length - 10, 1, 4, 'little'),
    ...wordsIn(footer, footerLength),
    ...messagesIn(content, footer).flatMap(({ start, length }) => wordsIn(start, length)),
  ];
}

function wordsIn(start: number, length: number): Field[] {
  return ([2, 4, 8] as const).flatMap((bytes) => fieldsAt(start, Math.floor(length / bytes), bytes, 'little'));
}

/** Finds schema and record batches: a marker, the length of the metadata, the metadata, and a body of known length. */
function messagesIn(content: Buffer, end: number): { readonly start: number; readonly length: number }[] {
  const messages: { start: number; length: number }[] = [];
  for (let at = MAGIC_BYTES + 2; at + 8 <= end; at += 8) {
    const length = content.readUInt32LE(at + 4);
    if (content.readUInt32LE(at) === CONTINUATION && length > 0 && at + 8 + length <= end) {
      messages.push({ start: at, length: 8 + length });
    }
  }
  return messages;
}
