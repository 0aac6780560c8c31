import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { OpenDirectory } from '#core/files/open-directory.js';
import { CacheIndex } from '#core/store/cache-index.js';

let path: string;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'virt-similarity-index-'));
});

afterEach(() => rm(path, { recursive: true }));

test('lists the directory again after a listing that failed', async () => {
  const key = 'a'.repeat(32);
  const name = `${key}.${'b'.repeat(64)}.arrow`;
  await writeFile(join(path, name), '');
  const directory = await OpenDirectory.open(path);
  try {
    const index = new CacheIndex();
    const tooManyFiles = Object.assign(new Error('too many open files'), { code: 'EMFILE' });
    jest.spyOn(directory, 'names').mockRejectedValueOnce(tooManyFiles);
    await expect(index.namesOf(key, directory)).rejects.toThrow('too many open files');
    expect(await index.namesOf(key, directory)).toEqual([name]);
  } finally {
    directory.close();
  }
});
