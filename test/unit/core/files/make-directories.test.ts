import { mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { makeDirectories } from '#core/files/make-directories.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-directories-'));
});

afterEach(() => rm(directory, { recursive: true }));

test('concurrent calls create the same directories', async () => {
  for (let round = 0; round < 20; round++) {
    const path = join(directory, String(round), 'some', 'where');
    const opened = await Promise.all(Array.from({ length: 20 }, () => makeDirectories(path, 0o700)));
    for (const each of opened) {
      each.close();
    }
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  }
});

test('rejects if an existing directory does not allow new entries', async () => {
  await expect(makeDirectories('/proc/no/cache')).rejects.toMatchObject({ code: 'ENOENT' });
});

test('does not follow a dangling link', async () => {
  await symlink('elsewhere', join(directory, 'link'));
  await expect(makeDirectories(join(directory, 'link'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  await expect(stat(join(directory, 'elsewhere'))).rejects.toMatchObject({ code: 'ENOENT' });
});
