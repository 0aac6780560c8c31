import { execFileSync } from 'node:child_process';
import { appendFile, mkdtemp, realpath, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type ExpectedFile, stampOf } from '@virt-similarity/core';
import { StoredBytes } from '#image-tools/reading/stored-bytes.js';

const CALL = { component: 'qemu', image: 'a.qcow2' };

let directory: string;
let first: string;
let second: string;

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-stored-')));
  first = join(directory, 'first');
  second = join(directory, 'second');
  await writeFile(first, 'abcdef');
  await writeFile(second, 'uvwxyz');
});

afterEach(() => rm(directory, { recursive: true }));

async function fileOf(path: string): Promise<ExpectedFile> {
  return { stamp: stampOf(path, await stat(path, { bigint: true })) };
}

async function storedIn(...paths: readonly string[]): Promise<StoredBytes> {
  return new StoredBytes(await Promise.all(paths.map(fileOf)), CALL);
}

async function read(stored: StoredBytes, place: number, offset: number, length: number): Promise<string> {
  const target = Buffer.alloc(length);
  await stored.read(place, target, offset);
  return target.toString('latin1');
}

test('concurrent reads return the bytes of the file at the offset', async () => {
  const stored = await storedIn(first, second);
  expect(await Promise.all([read(stored, 0, 0, 6), read(stored, 1, 2, 3), read(stored, 0, 5, 1)])).toEqual([
    'abcdef',
    'wxy',
    'f',
  ]);
  await stored.close();
});

test('a truncated file is reported with its new end', async () => {
  const stored = await storedIn(first);
  await read(stored, 0, 0, 1);
  await truncate(first, 3);
  await expect(read(stored, 0, 2, 2)).rejects.toMatchObject({
    code: 'changed',
    image: 'a.qcow2',
    message: `[qemu] cannot read a.qcow2: ${first} now has no data from byte 3; wait until no program is changing it, then try again`,
  });
  await stored.close();
});

test('a replaced file is not read', async () => {
  const stored = await storedIn(first);
  await rename(second, first);
  await expect(read(stored, 0, 0, 1)).rejects.toMatchObject({ code: 'changed' });
  await stored.close();
});

test('a file that was written to is not read, unless it is volatile', async () => {
  const stored = await storedIn(first);
  const volatile = new StoredBytes([{ ...(await fileOf(first)), volatile: true }], CALL);
  await appendFile(first, 'more');
  await expect(read(stored, 0, 0, 1)).rejects.toMatchObject({ code: 'changed' });
  expect(await read(volatile, 0, 5, 2)).toBe('fm');
  await stored.close();
  await volatile.close();
});

test('a removed file is unreadable', async () => {
  const stored = await storedIn(first);
  await rm(first);
  await expect(read(stored, 0, 0, 1)).rejects.toMatchObject({
    code: 'unreadable',
    message: expect.stringMatching(/first cannot be opened \(.*ENOENT/),
  });
  await stored.close();
});

test('an input/output error is reported with its position', async () => {
  // The first page of a process is not mapped, so that reading it fails with EIO.
  const stored = await storedIn(`/proc/${process.pid}/mem`);
  await expect(read(stored, 0, 16, 1)).rejects.toMatchObject({
    code: 'unreadable',
    message: expect.stringMatching(/cannot be read at byte 16 \(.*EIO/),
  });
  await stored.close();
});

test('reading fails after close(), which can be called again', async () => {
  const stored = await storedIn(first);
  expect(await read(stored, 0, 0, 1)).toBe('a');
  const pending = read(stored, 0, 1, 1).catch((error: unknown) => error);
  await Promise.all([stored.close(), stored.close()]);
  expect(['b', expect.objectContaining({ code: 'unreadable' })]).toContainEqual(await pending);
  await expect(read(stored, 0, 0, 1)).rejects.toMatchObject({
    code: 'unreadable',
    message: '[qemu] cannot read a.qcow2: it was closed',
  });
});

/** A script that opens as many descriptors as possible, and then reads a file. */
const WITHOUT_DESCRIPTORS = `
import { openSync } from 'node:fs';
import { StoredBytes } from '#image-tools/reading/stored-bytes.js';
const stored = new StoredBytes([{ stamp: { path: process.argv[1] } }], { component: 'qemu', image: 'a.qcow2' });
try { for (;;) openSync('/dev/null'); } catch {}
await stored.read(0, Buffer.alloc(1), 0).catch(({ code, message }) => console.log(code, message));
`;

test('a file is unavailable, not unreadable, if no descriptor is left', () => {
  const node = [process.execPath, '--input-type=module', '-e', WITHOUT_DESCRIPTORS, first];
  expect(execFileSync('prlimit', ['--nofile=128', ...node], { encoding: 'utf8' })).toBe(
    `unavailable [qemu] cannot read a.qcow2: ${first} cannot be opened (EMFILE: too many open files, open '${first}'); ` +
      'lower `jobs`, or allow more open files with ulimit -n\n',
  );
});
