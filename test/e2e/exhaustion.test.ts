import { chmod, mkdir, readdir, symlink } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { COMMAND, type Ended, Workplace } from './command.js';
import { FAMILY, FAMILY_TREE, writeFamily } from './sample-images.js';

jest.setTimeout(60_000);

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
  // How many files Node.js itself needs differs between its versions.
  test.each([28, 48, 64, 80, 96, 128])(
    'such as more than %d open files ends with 7, or does without',
    async (files) => {
      const { code, stdout, stderr } = await runAfter(`ulimit -n ${files}`, '-q', ...FAMILY);
      expect(stderr).not.toMatch(/^ +at /m);
      expect([0, 7]).toContain(code);
      expect(stdout).toBe(code === 0 ? FAMILY_TREE : '');
      if (code === 7) expect(stderr).toMatch(/^virt-similarity: error: [^\n]*too many open files[^\n]*\n$/);
    },
  );

  test('such as a directory for temporary files does without', async () => {
    const ended = await runAfter('export TMPDIR=/nonexistent', '-q', '--no-cache', ...FAMILY);
    expect(ended).toEqual({ code: 0, stdout: FAMILY_TREE, stderr: '' });
  });

  test.each([
    ['cannot be made', '/proc/no-cache'],
    ['takes no files', '/proc/self/fd'],
  ])('such as a cache, as the directory %s, warns and does without', async (_, cache) => {
    const { code, stdout, stderr } = await workplace.run('-q', '--cache', cache, ...FAMILY);
    expect({ code, stdout }).toEqual({ code: 0, stdout: FAMILY_TREE });
    expect(stderr).toMatch(/^(virt-similarity: warning: [^\n]*is not cached\n)+$/);
  });

  test.each<[string, (path: string) => Promise<unknown>]>([
    ['a symbolic link', (path) => mkdir(`${path}.real`).then(() => symlink(`${path}.real`, path))],
    ['writable by all', (path) => mkdir(path).then(() => chmod(path, 0o777))],
  ])('such as a cache of its own, as the directory is %s, is refused', async (_, make) => {
    const path = workplace.path(`cache-${Math.random()}`);
    await make(path);
    const { code, stdout } = await workplace.run('-q', '--cache', path, ...FAMILY);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(await readdir(path)).toEqual([]);
  });
});
