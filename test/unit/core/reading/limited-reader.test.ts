import { expect, test } from '@jest/globals';
import type { DiskReader } from '@virt-similarity/core';
import { LimitedReader } from '#core/reading/limited-reader.js';

const fail = () => Promise.reject(new Error('is not called'));
const required = { identify: fail, open: fail };

test('a reader with a time limit declares what the reader without one does', () => {
  const reader: DiskReader = { ...required, fallback: true, extensions: ['.own'] };
  expect(new LimitedReader('own', reader, 1)).toMatchObject({ fallback: true, extensions: ['.own'] });
});

test('a reader with a time limit declares nothing of its own', () => {
  const { fallback, extensions, partsIn, startSession } = new LimitedReader('own', required, 1);
  expect([fallback, extensions, partsIn, startSession]).toEqual(Array(4).fill(undefined));
});
