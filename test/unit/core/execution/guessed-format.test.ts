import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createAnalyzer } from '@virt-similarity/core';
import readers from '@virt-similarity/readers';

test.each(['auto', 'raw'])('a file that the reader %s assumes to be raw causes a debug note', async (reader) => {
  const directory = await mkdtemp(join(tmpdir(), 'guessed-format-'));
  try {
    const paths = ['disk', 'backup.dat', 'a.raw', 'b.img', 'stated'].map((name) => join(directory, name));
    await Promise.all(paths.map((path) => writeFile(path, Buffer.alloc(4096, 7))));
    const images = paths.map((path) => (path.endsWith('stated') ? { path, format: 'raw' } : path));
    const notes: string[] = [];
    const onNote = (level: string, note: string): void => void notes.push(`${level}: ${note}`);
    for await (const { error } of createAnalyzer({ plugins: [readers] }).identify(images, { reader, onNote })) {
      expect(error).toBeUndefined();
    }
    const guessed = paths
      .slice(0, 2)
      .map((path) => expect.stringContaining(`debug: ${path}: read as a raw disk, because `));
    expect(notes).toHaveLength(2);
    expect(notes).toEqual(expect.arrayContaining(guessed));
  } finally {
    await rm(directory, { recursive: true });
  }
});
