import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { createRunDirectory, removeStaleRunDirectories } from '#image-tools/processes/run-directory.js';

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
  expect(basename(directory.path)).toMatch(
    new RegExp(`^virt-similarity-${process.pid}-[\\da-z]+-[\\da-z]+-[\\da-z]+-.{6}$`),
  );
  await directory.remove();
});

test('a run directory can be removed repeatedly, with its contents', async () => {
  const directory = await createRunDirectory();
  await writeFile(join(directory.path, 'socket'), '');
  await directory.remove();
  await directory.remove();
  await expect(stat(directory.path)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a run directory is created in the runtime directory of the user', async () => {
  const runtime = await mkdtemp(join(tmpdir(), 'run-'));
  process.env.XDG_RUNTIME_DIR = runtime;
  const directory = await createRunDirectory();
  expect(dirname(directory.path)).toBe(runtime);
  await rm(runtime, { recursive: true });
});

test.each([
  ['is too long for a socket', `/tmp/${'x'.repeat(80)}`],
  ['does not exist', '/no/such/directory'],
  ['is not a directory', '/etc/passwd'],
  ['is relative', 'relative'],
  ['is not writable even for root', '/sys'],
])('a runtime directory that %s is skipped', async (_, runtime) => {
  process.env.XDG_RUNTIME_DIR = runtime;
  const directory = await createRunDirectory();
  expect(dirname(directory.path)).toBe(tmpdir());
  await directory.remove();
});

test('makeDirectory creates a private, empty directory', async () => {
  const directory = await createRunDirectory();
  const [first, second] = [await directory.makeDirectory(), await directory.makeDirectory()];
  expect(dirname(first)).toBe(directory.path);
  expect(second).not.toBe(first);
  expect((await stat(first)).mode & 0o777).toBe(0o700);
  expect(await readdir(first)).toEqual([]);
  await directory.remove();
});

test('remaining run directories are removed when the process exits', async () => {
  const module = new URL('../../../../../packages/image-tools/dist/processes/run-directory.js', import.meta.url).href;
  const script = `
    const { createRunDirectory } = await import(${JSON.stringify(module)});
    const { path, makeDirectory } = await createRunDirectory();
    await makeDirectory();
    console.log(path);
    process.exit(3);`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(stdout).toMatch(/^\/.*virt-similarity-\d+-/);
  await expect(stat(stdout.trim())).rejects.toMatchObject({ code: 'ENOENT' });
});

test.each([
  ['when the next run directory is created', async () => (await createRunDirectory()).remove()],
  ['on request', removeStaleRunDirectories],
])('run directories of killed processes are removed %s; those of other systems after a day', async (_, sweep) => {
  const runtime = await mkdtemp(join(tmpdir(), 'run-'));
  process.env.XDG_RUNTIME_DIR = runtime;
  const ours = await createRunDirectory();
  const [, , pid, namespace, start, boot] = basename(ours.path).split('-');
  const gone = 2 ** 22 + 1;
  const removed: [name: string, days: number][] = [
    [`virt-similarity-${gone}-${namespace}-${start}-${boot}-aBc123`, 0],
    // The process ID now belongs to another process, which started at another time.
    [`virt-similarity-${pid}-${namespace}-1a-${boot}-reused`, 0],
    [`virt-similarity-${gone}-zzz-1a-${boot}-aBc123`, 2],
    [`virt-similarity-${pid}-${namespace}-${start}-zzz-aBc123`, 2],
  ];
  const kept: [name: string, days: number][] = [
    [`virt-similarity-${pid}-${namespace}-${start}-${boot}-ours12`, 2],
    [`virt-similarity-${gone}-zzz-1a-${boot}-young1`, 0.5],
    [`virt-similarity-${gone}-${namespace}-1a-zzz-young1`, 0.5],
    [`virt-similarity-${gone}-${namespace}-1a-${boot}-longer-name`, 2],
    ['virt-similarity-mine', 2],
  ];
  for (const [name, days] of [...removed, ...kept]) {
    const then = new Date(Date.now() - days * 24 * 60 * 60 * 1000);
    await mkdir(join(runtime, name, 'sockets'), { recursive: true });
    await utimes(join(runtime, name), then, then);
  }
  await ours.remove();
  await sweep();
  expect((await readdir(runtime)).sort()).toEqual(kept.map(([name]) => name).sort());
  await rm(runtime, { recursive: true });
});

test('no directory is removed from a parent in which other users can rename entries', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'shared-'));
  // The directory `left` gets the name of a run directory whose process has ended: no process can have this ID.
  const { path, remove } = await createRunDirectory();
  const left = join(parent, basename(path).replace(`-${process.pid}-`, '-4194305-'));
  await remove();
  await mkdir(left);
  process.env.XDG_RUNTIME_DIR = parent;
  await chmod(parent, 0o777);
  await removeStaleRunDirectories();
  expect(await readdir(parent)).toEqual([basename(left)]);
  await chmod(parent, 0o1777);
  await removeStaleRunDirectories();
  expect(await readdir(parent)).toEqual([]);
  await rm(parent, { recursive: true });
});
