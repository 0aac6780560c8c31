import { execFileSync } from 'node:child_process';
import * as realFiles from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, jest, test } from '@jest/globals';

const directory = await realFiles.mkdtemp(join(tmpdir(), 'virt-similarity-layer-'));
afterAll(() => realFiles.rm(directory, { recursive: true }));

/** What stands in the place of the file's state before it was opened. */
let stateBefore: (path: string) => Promise<unknown> = async () => {};

jest.unstable_mockModule('node:fs/promises', () => ({
  ...realFiles,
  lstat: (path: string) => stateBefore(path),
}));

const { openLayerFile } = await import('#readers/inspection/layer-file.js');

describe('a file that is inspected', () => {
  test('is refused where it is replaced by something else as it is opened', async () => {
    const regular = join(directory, 'regular');
    const fifo = join(directory, 'fifo');
    await realFiles.writeFile(regular, '');
    execFileSync('mkfifo', [fifo]);
    stateBefore = () => realFiles.lstat(regular, { bigint: true });
    await expect(openLayerFile(fifo, 'named')).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('it is a FIFO'),
    });
  });

  test.each(['EACCES', 'EPERM'])('is unreadable where the system says %s', async (code) => {
    stateBefore = () => Promise.reject(Object.assign(new Error(code), { code }));
    await expect(openLayerFile(directory, 'named')).rejects.toMatchObject({
      code: 'unreadable',
      message: 'permission denied; allow this user to read it',
    });
  });

  test.each([
    ['EMFILE', 'lower --jobs, or allow more open files with ulimit -n'],
    ['ENOMEM', 'lower --jobs, or allow more memory'],
  ])('is unavailable where the system says %s', async (code, remedy) => {
    stateBefore = () => Promise.reject(Object.assign(new Error(code), { code }));
    await expect(openLayerFile(directory, 'named')).rejects.toMatchObject({
      code: 'unavailable',
      message: `${code}; ${remedy}`,
    });
  });
});
