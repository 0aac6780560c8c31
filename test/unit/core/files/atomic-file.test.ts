import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lchown, link, mkdir, readdir, readFile, rename, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { ProtectedFiles, processMark, writeFileAtomically } from '@virt-similarity/core';
import { inDirectory } from '../vectors/example-vectors.js';

async function* chunks(...pieces: (string | Uint8Array)[]) {
  yield* pieces;
}

/** A script that writes a file in another process; its argument is the path. */
const WRITER = `
  const { writeFileAtomically } = await import('@virt-similarity/core');
  await writeFileAtomically(process.argv[1], (async function* () { yield 'other'; })());`;

describe('writing a file atomically', () => {
  test('concatenates text and bytes of any size in order', () =>
    inDirectory(async (directory) => {
      const large = Buffer.alloc(700_000, 'x');
      const path = join(directory, 'out');
      await writeFileAtomically(path, chunks('ä', large, Uint8Array.of(10), '', 'end'));
      expect((await readFile(path)).equals(Buffer.concat([Buffer.from('ä'), large, Buffer.from('\nend')]))).toBe(true);
      expect(await readdir(directory)).toEqual(['out']);
    }));

  test('allows the producer to reuse a chunk', () =>
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

  test('keeps only the old file when a chunk fails', () =>
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

  test('removes the temporary file of a killed writer at the next write, and no other file', () =>
    inDirectory(async (directory) => {
      const script = `
        const { writeFileAtomically } = await import('@virt-similarity/core');
        async function* endless() {
          yield 'a';
          console.log('started');
          await new Promise(() => setInterval(() => {}, 1000));
        }
        await writeFileAtomically(process.argv[1], endless());`;
      const path = join(directory, 'killed');
      const writer = spawn(process.execPath, ['--input-type=module', '-e', script, path]);
      await once(writer.stdout, 'data');
      const [temporary] = (await readdir(directory)) as [string];
      writer.kill('SIGKILL');
      await once(writer, 'close');
      expect(await readdir(directory)).toEqual([temporary]);
      await writeFile(join(directory, 'old.tmp'), '');
      await writeFileAtomically(join(directory, 'out'), chunks('new'));
      expect((await readdir(directory)).sort()).toEqual(['old.tmp', 'out']);
    }));

  test('keeps the temporary file of a running writer, regardless of its timestamps', () =>
    inDirectory(async (directory) => {
      async function* slow() {
        yield 'whole';
        const [temporary] = (await readdir(directory)) as [string];
        await utimes(join(directory, temporary), 1, 1);
        await promisify(execFile)(process.execPath, ['--input-type=module', '-e', WRITER, join(directory, 'other')]);
        expect(await readdir(directory)).toContain(temporary);
      }
      await writeFileAtomically(join(directory, 'out'), slow());
      expect(await readFile(join(directory, 'out'), 'utf8')).toBe('whole');
      expect((await readdir(directory)).sort()).toEqual(['other', 'out']);
    }));

  test('keeps temporary files of other machines and containers for a day', () =>
    inDirectory(async (directory) => {
      const [pid, namespace, start, boot] = processMark().split('-') as [string, string, string, string];
      const nameOf = (mark: string, digit: string) => `.virt-similarity-${mark}-${digit.repeat(16)}.tmp`;
      const marks = [`${pid}-zzz-${start}-${boot}`, `${pid}-${namespace}-${start}-zzz`];
      const [old, young] = ['0', '1'].map((digit) => marks.map((mark) => nameOf(mark, digit))) as [string[], string[]];
      for (const name of [...old, ...young]) {
        await writeFile(join(directory, name), '');
      }
      const now = Date.now() / 1000;
      for (const name of old) {
        await utimes(join(directory, name), now - 90_000, now - 90_000);
      }
      for (const name of young) {
        await utimes(join(directory, name), now - 80_000, now - 80_000);
      }
      await writeFileAtomically(join(directory, 'out'), chunks('new'));
      expect((await readdir(directory)).sort()).toEqual([...young, 'out'].sort());
    }));

  test('leaves no file when it is aborted between chunks', () =>
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

  test('creates the file with the requested permissions', () =>
    inDirectory(async (directory) => {
      await writeFileAtomically(join(directory, 'out'), chunks('a'), { mode: 0o600 });
      expect((await stat(join(directory, 'out'))).mode & 0o777).toBe(0o600);
    }));

  test('refuses a symbolic link, and does not write to its target', () =>
    inDirectory(async (directory) => {
      await writeFile(join(directory, 'real'), 'old');
      for (const target of ['real', 'nowhere']) {
        const path = join(directory, `to-${target}`);
        await symlink(target, path);
        await expect(writeFileAtomically(path, chunks('new'))).rejects.toMatchObject({ code: 'refused', image: path });
      }
      expect(await readFile(join(directory, 'real'), 'utf8')).toBe('old');
      expect((await readdir(directory)).sort()).toEqual(['real', 'to-nowhere', 'to-real']);
    }));

  test('refuses a symbolic link that appears at the path while the content is written', () =>
    inDirectory(async (directory) => {
      await writeFile(join(directory, 'real'), 'old');
      async function* planting() {
        yield 'new';
        await symlink('real', join(directory, 'out'));
      }
      const written = writeFileAtomically(join(directory, 'out'), planting());
      await expect(written).rejects.toMatchObject({ code: 'refused' });
      expect(await readFile(join(directory, 'real'), 'utf8')).toBe('old');
      expect((await readdir(directory)).sort()).toEqual(['out', 'real']);
    }));

  test('refuses to replace a protected file that is linked to the path while the content is written', () =>
    inDirectory(async (directory) => {
      const image = join(directory, 'image');
      await writeFile(image, 'old');
      const { dev, ino } = await stat(image, { bigint: true });
      const protect = new ProtectedFiles();
      protect.add({ device: dev, inode: ino, path: image });
      async function* planting() {
        yield 'new';
        await link(image, join(directory, 'out'));
      }
      const written = writeFileAtomically(join(directory, 'out'), planting(), { protect });
      await expect(written).rejects.toMatchObject({ code: 'refused' });
      expect(await readFile(join(directory, 'out'), 'utf8')).toBe('old');
    }));

  test('does not rename a file that has replaced its temporary file', () =>
    inDirectory(async (directory) => {
      async function* exchanging() {
        yield 'new';
        const [temporary] = (await readdir(directory)) as [string];
        await writeFile(join(directory, 'forged'), 'forged');
        await rename(join(directory, 'forged'), join(directory, temporary));
      }
      const written = writeFileAtomically(join(directory, 'out'), exchanging());
      await expect(written).rejects.toMatchObject({ code: 'changed' });
      expect(await readdir(directory)).toEqual([]);
    }));

  test('creates the file in the directory that was opened, even if that directory is moved', () =>
    inDirectory(async (parent) => {
      const [directory, moved] = [join(parent, 'directory'), join(parent, 'moved')];
      await mkdir(directory);
      async function* moving() {
        yield 'new';
        await rename(directory, moved);
        await mkdir(directory);
      }
      await writeFileAtomically(join(directory, 'out'), moving());
      expect(await readdir(moved)).toEqual(['out']);
      expect(await readdir(directory)).toEqual([]);
    }));

  test("refuses a directory behind another user's symbolic link", () =>
    inDirectory(async (parent) => {
      await mkdir(join(parent, 'real'));
      await symlink('real', join(parent, 'link'));
      await writeFileAtomically(join(parent, 'link', 'out'), chunks('a'));
      expect(await readdir(join(parent, 'real'))).toEqual(['out']);
      // Only root can change the owner of a link.
      if (process.getuid?.() !== 0) {
        return;
      }
      await lchown(join(parent, 'link'), 65_534, 65_534);
      const written = writeFileAtomically(join(parent, 'link', 'other'), chunks('a'));
      await expect(written).rejects.toMatchObject({ code: 'refused' });
      expect(await readdir(join(parent, 'real'))).toEqual(['out']);
    }));

  test('refuses to replace a directory or a device', () =>
    inDirectory(async (directory) => {
      await mkdir(join(directory, 'sub'));
      for (const path of [join(directory, 'sub'), '/dev/null']) {
        await expect(writeFileAtomically(path, chunks('a'))).rejects.toMatchObject({ code: 'refused', image: path });
      }
      expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
    }));

  test('refuses a missing directory', () =>
    inDirectory(async (directory) => {
      const written = writeFileAtomically(join(directory, 'none', 'out'), chunks('a'));
      await expect(written).rejects.toMatchObject({ code: 'unreadable' });
    }));
});
