import { expect, test } from '@jest/globals';
import { isTextFile } from '#readers/inspection/plain-text.js';

test.each<[string, Uint8Array, boolean]>([
  ['words with tabs and line endings', Buffer.from('a\tb\r\nc\f\n'), true],
  ['letters beyond ASCII', Buffer.from('größe'), true],
  ['text that is truncated within a letter', Buffer.from('größ').subarray(0, -1), true],
  ['an empty file', Buffer.alloc(0), false],
  ['a NUL', Buffer.from('a\0b'), false],
  ['an escape character', Buffer.from('a\x1bb'), false],
  ['bytes that are not UTF-8', Buffer.from([0x61, 0xff, 0x62]), false],
])('isTextFile decides whether a file with this content is text: %s', (_, bytes, expected) => {
  expect(isTextFile(bytes, bytes.length)).toBe(expected);
});

test.each<[string, string, number, boolean]>([
  ['lines', 'one\ntwo\n', 1024, true],
  ['one letter', 'a'.repeat(1024), 1024, false],
  ['line feeds', '\n'.repeat(1024), 1024, false],
  ['a single byte', 'a', 1, false],
  ['one letter and a part of a sector', 'a'.repeat(1024), 1025, true],
])('isTextFile considers the size of the file: %s', (_, text, size, expected) => {
  expect(isTextFile(Buffer.from(text), size)).toBe(expected);
});
