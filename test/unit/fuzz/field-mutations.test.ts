import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { SeededRandom } from '../../fixtures/seeded-random.js';
import { applied, fieldsAt, mutate } from '../../fuzz/field-mutations.js';
import { MutableFile } from '../../fuzz/mutable-file.js';

const CONTENT = Buffer.from(Array.from({ length: 600 }, (_, index) => index % 251));
const FIELDS = [...fieldsAt(0, 20, 4, 'big'), ...fieldsAt(100, 10, 8, 'little')];

describe('a mutation', () => {
  test('is the same for the same seed, and different for another', () => {
    const one = mutate(CONTENT, FIELDS, new SeededRandom(1, 'a', 7));
    expect(mutate(CONTENT, FIELDS, new SeededRandom(1, 'a', 7))).toEqual(one);
    expect(mutate(CONTENT, FIELDS, new SeededRandom(1, 'a', 8))).not.toEqual(one);
  });

  test('of a file lasts as long as the call, and changes the same bytes as in memory', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-mutable-'));
    const path = join(directory, 'file');
    await writeFile(path, CONTENT);
    const file = new MutableFile(path);
    for (let number = 0; number < 200; number += 1) {
      const mutation = mutate(CONTENT, FIELDS, new SeededRandom(number));
      const during = await file.during(mutation, () => readFile(path));
      expect(during.equals(applied(CONTENT, mutation))).toBe(true);
      expect((await readFile(path)).equals(CONTENT)).toBe(true);
    }
    file.close();
    await rm(directory, { recursive: true });
  });
});
