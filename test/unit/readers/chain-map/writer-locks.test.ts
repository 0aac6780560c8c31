import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { lockedInodes, surelyUnlocked } from '#readers/chain-map/writer-locks.js';
import { layer } from '../qemu/inspected-image.js';

test.each([
  ['a writer', '1: OFDLCK ADVISORY  READ -1 fe:00:12345 101 101', true],
  ['what may write and resize', '1: OFDLCK ADVISORY  READ -1 fe:00:12345 100 103', true],
  ['what suffers no reader', '7: OFDLCK ADVISORY  READ -1 08:11:12345 200 201', true],
  ['what locked all of it', '2: POSIX  ADVISORY  WRITE 4711 fe:00:12345 0 EOF', true],
  ['who waits for a lock', '2: -> POSIX  ADVISORY  WRITE 4711 fe:00:12345 0 EOF', true],
  ['a reader', '1: OFDLCK ADVISORY  READ -1 fe:00:12345 100 100', false],
  ['a reader that suffers no writer', '1: OFDLCK ADVISORY  READ -1 fe:00:12345 201 203', false],
])('of a lock by %s', (_, line, tells) => {
  expect(lockedInodes(`0: FLOCK  ADVISORY  WRITE 1 00:19:99 0 0\n${line}\n`)).toEqual(tells ? ['12345'] : []);
});

test('a file that is not there is not surely unlocked', async () => {
  expect(await surelyUnlocked([layer('/nowhere/a.qcow2')])).toBe(false);
});

test('a file of a file system that others may have mounted is not surely unlocked', async () => {
  expect(await surelyUnlocked([layer('/proc/self/status')])).toBe(false);
});

test('a file that nobody locks is surely unlocked on a local file system', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-locks-'));
  try {
    const path = join(directory, 'a.raw');
    await writeFile(path, '');
    expect(await surelyUnlocked([layer(path)])).toBe(true);
  } finally {
    await rm(directory, { recursive: true });
  }
});
