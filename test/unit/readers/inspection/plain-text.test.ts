import { expect, test } from '@jest/globals';
import { isPlainText } from '#readers/inspection/plain-text.js';

test.each<[string, Uint8Array, boolean]>([
  ['words with tabs and line endings', Buffer.from('a\tb\r\nc\f\n'), true],
  ['letters beyond ASCII', Buffer.from('größe'), true],
  ['text that is truncated within a letter', Buffer.from('größ').subarray(0, -1), true],
  ['an empty file', Buffer.alloc(0), false],
  ['a NUL', Buffer.from('a\0b'), false],
  ['an escape character', Buffer.from('a\x1bb'), false],
  ['bytes that are not UTF-8', Buffer.from([0x61, 0xff, 0x62]), false],
])('classifies %s', (_, bytes, expected) => {
  expect(isPlainText(bytes)).toBe(expected);
});
