import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { writerLocks, writersOf } from '#readers/chain-map/writer-locks.js';
import { layer } from '../../../fixtures/inspected-image.js';

test.each([
  ['a writer', '1: OFDLCK ADVISORY  READ -1 fe:00:12345 101 101', true],
  ['what may write and resize', '1: OFDLCK ADVISORY  READ -1 fe:00:12345 100 103', true],
  ['what suffers no reader', '7: OFDLCK ADVISORY  READ -1 08:11:12345 200 201', true],
  ['what locked all of it', '2: POSIX  ADVISORY  WRITE 4711 fe:00:12345 0 EOF', true],
  ['who waits for a lock', '2: -> POSIX  ADVISORY  WRITE 4711 fe:00:12345 0 EOF', true],
  ['a reader', '1: OFDLCK ADVISORY  READ -1 fe:00:12345 100 100', false],
  ['a reader that suffers no writer', '1: OFDLCK ADVISORY  READ -1 fe:00:12345 201 203', false],
])('of a lock by %s', (_, line, tells) => {
  const locks = writerLocks(`0: FLOCK  ADVISORY  WRITE 1 00:19:99 0 0\n${line}\n`);
  expect(locks.map(({ inode }) => inode)).toEqual(tells ? ['12345'] : []);
});

test('a lock is told with its kind and its file', () => {
  const list = '2: -> POSIX  ADVISORY  WRITE 4711 fe:1f:12345 0 EOF\nsomething else\n';
  expect(writerLocks(list)).toEqual([{ kind: 'POSIX', device: '254:31', inode: '12345' }]);
});

test('who has a file open that is not there is unknown', async () => {
  expect(await writersOf(layer('/nowhere/a.qcow2'))).toBe('unknown');
});

test('who has a file open of a file system that others may have mounted is unknown', async () => {
  expect(await writersOf(layer('/proc/self/status'))).toBe('unknown');
});

test('a file on a local file system that nobody locks is open to no writer', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-locks-'));
  try {
    const path = join(directory, 'a.raw');
    await writeFile(path, '');
    expect(await writersOf(layer(path))).toBe('none');
  } finally {
    await rm(directory, { recursive: true });
  }
});
