import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
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

test('what processes that were killed left a day ago is removed, and nothing else', async () => {
  const runtime = await mkdtemp(join(tmpdir(), 'run-'));
  process.env.XDG_RUNTIME_DIR = runtime;
  const gone = 2 ** 22 + 1;
  const days = (count: number) => new Date(Date.now() - count * 24 * 60 * 60 * 1000);
  for (const [name, age] of [
    [`virt-similarity-${gone}-aBc123`, 2],
    [`virt-similarity-${gone}-young1`, 0.5],
    [`virt-similarity-${process.pid}-ours12`, 2],
    [`virt-similarity-${gone}-longer-name`, 2],
    ['virt-similarity-mine', 2],
  ] as const) {
    await mkdir(join(runtime, name, 'sockets'), { recursive: true });
    await utimes(join(runtime, name), days(age), days(age));
  }
  const directory = await createRunDirectory();
  await directory.remove();
  expect((await readdir(runtime)).sort()).toEqual(
    [
      `virt-similarity-${gone}-longer-name`,
      `virt-similarity-${gone}-young1`,
      `virt-similarity-${process.pid}-ours12`,
      'virt-similarity-mine',
    ].sort(),
  );
  await rm(runtime, { recursive: true });
});
