import { chmod, mkdir, readdir, symlink } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { COMMAND } from '../fixtures/command.js';
import { type Ended, Workplace } from './command.js';
import { FAMILY, FAMILY_TREE, writeFamily } from './sample-images.js';

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.make();
  await writeFamily(workplace);
});

afterAll(() => workplace.remove());

/** Runs the command after a shell script. */
function runAfter(script: string, ...words: readonly string[]): Promise<Ended> {
  return workplace.startBy('sh', ['-c', `${script}; exec "$@"`, 'sh', ...COMMAND, ...words]).ended;
}

describe('a run', () => {
  test.each([32, 64, 128, 255])('exits with 7 if the limit is %d open files', async (files) => {
    expect(await runAfter(`ulimit -n ${files}`, '-q', ...FAMILY)).toEqual({
      code: 7,
      stdout: '',
      stderr:
        `virt-similarity: error: expected a limit of at least 256 open files, found ${files}; ` +
        'raise it with ulimit -n\n',
    });
  });

  test('succeeds if the limit is 256 open files', async () => {
    expect(await runAfter('ulimit -n 256', '-q', '--no-cache', ...FAMILY)).toEqual({
      code: 0,
      stdout: FAMILY_TREE,
      stderr: '',
    });
  });

  test('exits with 7 if the address space is too small for comparing', async () => {
    expect(await runAfter('ulimit -v 4000000', '-q', '--no-cache', ...FAMILY)).toEqual({
      code: 7,
      stdout: '',
      stderr:
        'virt-similarity: error: cannot compare: expected 10.0 GiB of memory, found less; ' +
        'allow more memory, or close other programs\n',
    });
  });

  test('succeeds without a directory for temporary files', async () => {
    const ended = await runAfter('export TMPDIR=/nonexistent', '-q', '--no-cache', ...FAMILY);
    expect(ended).toEqual({ code: 0, stdout: FAMILY_TREE, stderr: '' });
  });

  test.each([
    ['cannot be created', '/proc/no-cache'],
    ['is not writable', '/proc/self/fd'],
  ])('warns once and succeeds if the cache directory %s', async (_, cache) => {
    const { code, stdout, stderr } = await workplace.run('-q', '--cache', cache, ...FAMILY);
    expect({ code, stdout }).toEqual({ code: 0, stdout: FAMILY_TREE });
    expect(stderr).toMatch(/^virt-similarity: warning: [^\n]*is not cached\n$/);
    expect(stderr).not.toMatch(/\/fd\/\d/);
  });

  test.each<[string, (path: string) => Promise<unknown>]>([
    ['a symbolic link', (path) => mkdir(`${path}.real`).then(() => symlink(`${path}.real`, path))],
    ['writable by all', (path) => mkdir(path).then(() => chmod(path, 0o777))],
  ])('is refused if the cache directory is %s', async (_, make) => {
    const path = workplace.path(`cache-${Math.random()}`);
    await make(path);
    const { code, stdout, stderr } = await workplace.run('-q', '--cache', path, ...FAMILY);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/^virt-similarity: error: cannot use the cache [^\n]*\n$/);
    expect(await readdir(path)).toEqual([]);
  });
});
