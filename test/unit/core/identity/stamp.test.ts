import { link, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type FileStamp, fileKeyOf, sameFile, sameState, stampOf, stateKeyOf } from '@virt-similarity/core';

const STAMP: FileStamp = { kind: 'file', path: '/a', device: 1n, inode: 2n, size: 3n, mtimeNs: 4n, ctimeNs: 5n };

test('a stamp has the stats of a file and the given path', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'stamp-'));
  try {
    const [one, other] = [join(directory, 'one'), join(directory, 'other')];
    await writeFile(one, 'content');
    await link(one, other);
    const stats = await stat(other, { bigint: true });
    const stamp = stampOf(one, stats);
    expect(stamp).toMatchObject({ kind: 'file', path: one, inode: stats.ino, size: 7n });
    expect(stampOf(one, stats, 512n)).toEqual({ ...stamp, size: 512n });
    expect(sameState(stamp, stampOf(other, stats))).toBe(true);
  } finally {
    await rm(directory, { recursive: true });
  }
});

const OBJECT = { kind: 'object', path: 'https://a/disk.raw', version: '"1"' } as const;

describe('stamps of objects', () => {
  test('are equal for the same version of the same object', () => {
    expect(sameState(OBJECT, { ...OBJECT })).toBe(true);
    expect(stateKeyOf(OBJECT)).toEqual(stateKeyOf({ ...OBJECT }));
  });

  test.each(['path', 'version'] as const)('differ by their %s', (key) => {
    const other = { ...OBJECT, [key]: 'other' };
    expect(sameState(OBJECT, other)).toBe(false);
    expect(stateKeyOf(OBJECT)).not.toEqual(stateKeyOf(other));
  });

  test('differ from stamps of files', () => {
    expect([sameState(OBJECT, STAMP), sameState(STAMP, OBJECT)]).toEqual([false, false]);
    expect(stateKeyOf(OBJECT)).not.toEqual(stateKeyOf(STAMP));
  });
});

describe('two stamps', () => {
  test('describe the same state of the same file under different paths', () => {
    const renamed = { ...STAMP, path: '/b' };
    expect(sameState(STAMP, renamed)).toBe(true);
    expect(stateKeyOf(STAMP)).toEqual(stateKeyOf(renamed));
  });

  test.each(['device', 'inode'] as const)('describe different files if they differ in %s', (number) => {
    const other = { ...STAMP, [number]: 9n };
    expect([sameFile(STAMP, other), sameState(STAMP, other)]).toEqual([false, false]);
    expect(fileKeyOf(STAMP)).not.toEqual(fileKeyOf(other));
    expect(stateKeyOf(STAMP)).not.toEqual(stateKeyOf(other));
  });

  test.each(['size', 'mtimeNs', 'ctimeNs'] as const)(
    'describe different states of one file if they differ in %s',
    (number) => {
      const other = { ...STAMP, [number]: 9n };
      expect([sameFile(STAMP, other), sameState(STAMP, other)]).toEqual([true, false]);
      expect(fileKeyOf(STAMP)).toEqual(fileKeyOf(other));
      expect(stateKeyOf(STAMP)).not.toEqual(stateKeyOf(other));
    },
  );
});
