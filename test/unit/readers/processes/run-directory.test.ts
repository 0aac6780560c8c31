import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { createRunDirectory } from '#readers/processes/run-directory.js';

const before = process.env.XDG_RUNTIME_DIR;

afterEach(() => {
  if (before === undefined) {
    delete process.env.XDG_RUNTIME_DIR;
  } else {
    process.env.XDG_RUNTIME_DIR = before;
  }
});

test('a run directory is private and named after the process', async () => {
  const directory = await createRunDirectory();
  const stats = await stat(directory.path);
  expect(stats.mode & 0o777).toBe(0o700);
  expect(basename(directory.path)).toMatch(new RegExp(`^virt-similarity-${process.pid}-.{6}$`));
  await directory.remove();
});

test('a run directory is removed with all that is in it, any number of times', async () => {
  const directory = await createRunDirectory();
  await writeFile(join(directory.path, 'socket'), '');
  await directory.remove();
  await directory.remove();
  await expect(stat(directory.path)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a run directory stands in the runtime directory of the user', async () => {
  const runtime = await mkdtemp(join(tmpdir(), 'run-'));
  process.env.XDG_RUNTIME_DIR = runtime;
  const directory = await createRunDirectory();
  expect(dirname(directory.path)).toBe(runtime);
  await rm(runtime, { recursive: true });
});

test.each([
  ['is too long for a socket', `/tmp/${'x'.repeat(80)}`],
  ['does not exist', '/no/such/directory'],
  ['is no directory', '/etc/passwd'],
  ['is relative', 'relative'],
])('a runtime directory that %s is passed over', async (_, runtime) => {
  process.env.XDG_RUNTIME_DIR = runtime;
  const directory = await createRunDirectory();
  expect(dirname(directory.path)).toBe(tmpdir());
  await directory.remove();
});
