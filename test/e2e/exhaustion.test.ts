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

/** Runs the command after these words of a shell. */
function runAfter(script: string, ...words: readonly string[]): Promise<Ended> {
  return workplace.startBy('sh', ['-c', `${script}; exec "$@"`, 'sh', ...COMMAND, ...words]).ended;
}

describe('a run that lacks something', () => {
  test.each([32, 64, 128, 255])('such as more than %d open files ends with 7', async (files) => {
    expect(await runAfter(`ulimit -n ${files}`, '-q', ...FAMILY)).toEqual({
      code: 7,
      stdout: '',
      stderr:
        `virt-similarity: error: expected a limit of at least 256 open files, found ${files}; ` +
        'raise it with ulimit -n\n',
    });
  });

  test('such as more than 256 open files does without', async () => {
    expect(await runAfter('ulimit -n 256', '-q', '--no-cache', ...FAMILY)).toEqual({
      code: 0,
      stdout: FAMILY_TREE,
      stderr: '',
    });
  });

  test('such as address space to compare in ends with 7', async () => {
    expect(await runAfter('ulimit -v 4000000', '-q', '--no-cache', ...FAMILY)).toEqual({
      code: 7,
      stdout: '',
      stderr:
        'virt-similarity: error: cannot compare: expected 10.0 GiB of memory, found less; ' +
        'allow more memory, or close other programs\n',
    });
  });

  test('such as a directory for temporary files does without', async () => {
    const ended = await runAfter('export TMPDIR=/nonexistent', '-q', '--no-cache', ...FAMILY);
    expect(ended).toEqual({ code: 0, stdout: FAMILY_TREE, stderr: '' });
  });

  test.each([
    ['cannot be made', '/proc/no-cache'],
    ['takes no files', '/proc/self/fd'],
  ])('such as a cache, as the directory %s, warns once and does without', async (_, cache) => {
    const { code, stdout, stderr } = await workplace.run('-q', '--cache', cache, ...FAMILY);
    expect({ code, stdout }).toEqual({ code: 0, stdout: FAMILY_TREE });
    expect(stderr).toMatch(/^virt-similarity: warning: [^\n]*is not cached\n$/);
    expect(stderr).not.toMatch(/\/fd\/\d/);
  });

  test.each<[string, (path: string) => Promise<unknown>]>([
    ['a symbolic link', (path) => mkdir(`${path}.real`).then(() => symlink(`${path}.real`, path))],
    ['writable by all', (path) => mkdir(path).then(() => chmod(path, 0o777))],
  ])('such as a cache of its own, as the directory is %s, is refused', async (_, make) => {
    const path = workplace.path(`cache-${Math.random()}`);
    await make(path);
    const { code, stdout, stderr } = await workplace.run('-q', '--cache', path, ...FAMILY);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/^virt-similarity: error: cannot use the cache [^\n]*\n$/);
    expect(await readdir(path)).toEqual([]);
  });
});
