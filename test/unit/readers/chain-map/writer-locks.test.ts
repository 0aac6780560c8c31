import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { writerLocks, writersOf } from '#readers/chain-map/writer-locks.js';
import { layer } from '../../../fixtures/inspected-image.js';

test.each([
  ['a writer', '1: OFDLCK ADVISORY  READ -1 fe:00:12345 101 101', true],
  ['a writer that may also resize', '1: OFDLCK ADVISORY  READ -1 fe:00:12345 100 103', true],
  ['a process that allows no readers', '7: OFDLCK ADVISORY  READ -1 08:11:12345 200 201', true],
  ['a process that locked the complete file', '2: POSIX  ADVISORY  WRITE 4711 fe:00:12345 0 EOF', true],
  ['a process that waits for a lock', '2: -> POSIX  ADVISORY  WRITE 4711 fe:00:12345 0 EOF', true],
  ['a reader', '1: OFDLCK ADVISORY  READ -1 fe:00:12345 100 100', false],
  ['a reader that allows no writers', '1: OFDLCK ADVISORY  READ -1 fe:00:12345 201 203', false],
])('writerLocks decides whether to return a lock by %s', (_, line, isWriter) => {
  const locks = writerLocks(`0: FLOCK  ADVISORY  WRITE 1 00:19:99 0 0\n${line}\n`);
  expect(locks.map(({ inode }) => inode)).toEqual(isWriter ? ['12345'] : []);
});

test('a lock is returned with its kind and its file', () => {
  const list = '2: -> POSIX  ADVISORY  WRITE 4711 fe:1f:12345 0 EOF\nsomething else\n';
  expect(writerLocks(list)).toEqual([{ kind: 'POSIX', device: '254:31', inode: '12345' }]);
});

test('the writers of a missing file are unknown', async () => {
  expect(await writersOf(layer('/nowhere/a.qcow2'))).toBe('unknown');
});

test('the writers of a file are unknown if its file system is not known to be local', async () => {
  expect(await writersOf(layer('/proc/self/status'))).toBe('unknown');
});

test('a file without locks on a local file system has no writers', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-locks-'));
  try {
    const path = join(directory, 'a.raw');
    await writeFile(path, '');
    expect(await writersOf(layer(path))).toBe('none');
  } finally {
    await rm(directory, { recursive: true });
  }
});
