import { lstat, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { writeFileAtomically } from '@virt-similarity/core';
import { inDirectory } from './example-vectors.js';

async function* chunks(...pieces: (string | Uint8Array)[]) {
  yield* pieces;
}

describe('writing a file atomically', () => {
  test('joins text and bytes of any size in order', () =>
    inDirectory(async (directory) => {
      const large = Buffer.alloc(700_000, 'x');
      const path = join(directory, 'out');
      await writeFileAtomically(path, chunks('ä', large, Uint8Array.of(10), '', 'end'));
      expect((await readFile(path)).equals(Buffer.concat([Buffer.from('ä'), large, Buffer.from('\nend')]))).toBe(true);
      expect(await readdir(directory)).toEqual(['out']);
    }));

  test('lets the owner of a chunk reuse it', () =>
    inDirectory(async (directory) => {
      async function* reused() {
        const buffer = Buffer.alloc(1);
        for (const letter of 'abc') {
          buffer.write(letter);
          yield buffer;
        }
      }
      await writeFileAtomically(join(directory, 'out'), reused());
      expect(await readFile(join(directory, 'out'), 'utf8')).toBe('abc');
    }));

  test('leaves the old file, and nothing else, when a chunk fails', () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'out');
      await writeFile(path, 'old');
      async function* failing() {
        yield 'new';
        throw new Error('no more');
      }
      await expect(writeFileAtomically(path, failing())).rejects.toThrow('no more');
      expect(await readFile(path, 'utf8')).toBe('old');
      expect(await readdir(directory)).toEqual(['out']);
    }));

  test('removes the temporary files of writers that were killed long ago, and nothing else', () =>
    inDirectory(async (directory) => {
      const [old, young] = ['0', '1'].map((digit) => `.virt-similarity-${digit.repeat(16)}.tmp`) as [string, string];
      for (const name of [old, young, 'old.tmp']) await writeFile(join(directory, name), '');
      const longAgo = Date.now() / 1000 - 2 * 60 * 60;
      for (const name of [old, 'old.tmp']) await utimes(join(directory, name), longAgo, longAgo);
      await writeFileAtomically(join(directory, 'out'), chunks('new'));
      expect((await readdir(directory)).sort()).toEqual([young, 'old.tmp', 'out']);
    }));

  test('leaves nothing when it is aborted between chunks', () =>
    inDirectory(async (directory) => {
      const controller = new AbortController();
      async function* aborting() {
        yield 'a';
        controller.abort();
        yield 'b';
      }
      const written = writeFileAtomically(join(directory, 'out'), aborting(), { signal: controller.signal });
      await expect(written).rejects.toMatchObject({ code: 'aborted' });
      expect(await readdir(directory)).toEqual([]);
    }));

  test('gives the file the permissions asked for', () =>
    inDirectory(async (directory) => {
      await writeFileAtomically(join(directory, 'out'), chunks('a'), { mode: 0o600 });
      expect((await stat(join(directory, 'out'))).mode & 0o777).toBe(0o600);
    }));

  test('replaces the file behind a symbolic link, not the link', () =>
    inDirectory(async (directory) => {
      await writeFile(join(directory, 'real'), 'old');
      await symlink('real', join(directory, 'link'));
      await writeFileAtomically(join(directory, 'link'), chunks('new'));
      expect((await lstat(join(directory, 'link'))).isSymbolicLink()).toBe(true);
      expect(await readFile(join(directory, 'real'), 'utf8')).toBe('new');
    }));

  test('refuses to replace a directory or a device', () =>
    inDirectory(async (directory) => {
      await mkdir(join(directory, 'sub'));
      for (const path of [join(directory, 'sub'), '/dev/null']) {
        await expect(writeFileAtomically(path, chunks('a'))).rejects.toMatchObject({ code: 'refused', image: path });
      }
      expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
    }));

  test('says so when the directory is missing', () =>
    inDirectory(async (directory) => {
      const written = writeFileAtomically(join(directory, 'none', 'out'), chunks('a'));
      await expect(written).rejects.toMatchObject({ code: 'unreadable' });
    }));
});
