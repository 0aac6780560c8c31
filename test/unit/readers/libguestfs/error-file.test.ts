import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ErrorFile } from '#readers/libguestfs/error-file.js';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-test-'));
  path = join(directory, 'errors');
});

afterEach(() => rm(directory, { recursive: true }));

test('returns the last informative error', async () => {
  await writeFile(
    path,
    [
      'libguestfs: error: appliance closed the connection unexpectedly.',
      'This usually means the libguestfs appliance crashed.',
      'libguestfs: error: /usr/bin/qemu-system-x86_64 killed by signal 6 (Aborted).',
      'Do:',
      'libguestfs: error: guestfs_launch failed.',
      'You can also run libguestfs-test-tool',
    ].join('\n'),
  );
  expect(await new ErrorFile(path).last()).toBe('/usr/bin/qemu-system-x86_64 killed by signal 6 (Aborted).');
});

test('returns undefined without an error', async () => {
  await writeFile(path, 'libguestfs: trace: launch = 0\n');
  expect(await new ErrorFile(path).last()).toBeUndefined();
});

test('considers only errors after the last skip()', async () => {
  await writeFile(path, 'libguestfs: error: old\n');
  const errors = new ErrorFile(path);
  await errors.skip();
  expect(await errors.last()).toBeUndefined();
  await appendFile(path, 'libguestfs: error: new\n');
  expect(await errors.last()).toBe('new');
});
