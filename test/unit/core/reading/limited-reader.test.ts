import { expect, test } from '@jest/globals';
import type { DiskReader, DiskStream } from '@virt-similarity/core';
import { LimitedReader } from '#core/reading/limited-reader.js';

const fail = () => Promise.reject(new Error('is not called'));
const required = { identify: fail, open: fail };

/** Every optional member; the type ensures that none is missing. */
const optional: Required<Omit<DiskReader, keyof typeof required>> = {
  fallback: true,
  extensions: ['.own'],
  formats: ['own'],
  readerOf: () => 'other',
  diagnose: fail,
  partsIn: fail,
  imagesIn: fail,
  startSession: () => ({ open: fail, close: fail }),
};

test('a reader with a time limit has every member of the wrapped reader', () => {
  const { fallback, extensions, formats } = optional;
  const limited = new LimitedReader('own', { ...required, ...optional }, 1);
  expect(limited).toMatchObject({ fallback, extensions, formats });
  for (const member of Object.keys(optional) as (keyof typeof optional)[]) {
    expect({ member, type: typeof limited[member] }).toEqual({ member, type: typeof optional[member] });
  }
  expect(limited.readerOf?.({ chain: [] })).toBe('other');
});

test('a reader with a time limit adds no members', () => {
  const limited = new LimitedReader('own', required, 1);
  for (const member of Object.keys(optional) as (keyof typeof optional)[]) {
    expect({ member, value: limited[member] }).toEqual({ member, value: undefined });
  }
});

test('a stream with a time limit reads and closes the wrapped stream', async () => {
  let isClosed = false;
  const stream: DiskStream = {
    identity: { chain: [] },
    readNext: async (target) => target.fill(7).length,
    close: async () => {
      isClosed = true;
    },
  };
  const limited = new LimitedReader('own', { ...required, open: async () => stream }, 1);
  const opened = (await limited.open({ path: 'a' }, stream.identity, { allowedDirectories: [] })) as DiskStream;
  const target = new Uint8Array(3);
  expect(await opened.readNext(target)).toBe(3);
  expect([...target]).toEqual([7, 7, 7]);
  await opened.close();
  expect({ isClosed, identity: opened.identity }).toEqual({ isClosed: true, identity: stream.identity });
});
