import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Workplace } from './command.js';

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.make();
});

beforeEach(async () => {
  await workplace.write('a.raw', new Uint8Array(65_536).fill(1));
  await workplace.write('b.raw', new Uint8Array(65_536).fill(2));
  await workplace.write('image.log', new Uint8Array(65_536).fill(3));
});

afterAll(() => workplace.remove());

const linesOf = async (name: string): Promise<readonly Record<string, unknown>[]> =>
  (await readFile(workplace.path(name), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('the log of a run', () => {
  test('contains the command, its images, an error and the exit code', async () => {
    const { code } = await workplace.run('-q', '--no-cache', '--log-file', 'run.log', 'a.raw', 'b.raw', 'missing.raw');
    expect(code).toBe(3);
    const lines = await linesOf('run.log');
    expect(lines[0]).toMatchObject({
      level: 'info',
      msg: 'run started',
      command: 'analyze',
      options: { cache: false },
    });
    expect(lines.at(-1)).toMatchObject({ level: 'info', msg: 'run ended', exitCode: 3 });
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'image-finished', image: 'a.raw', cached: false }));
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: 'image-failed', image: 'missing.raw', code: 'unreadable' }),
    );
    const message = 'cannot open missing.raw: there is no such file; check its name';
    expect(lines).toContainEqual(expect.objectContaining({ level: 'error', msg: message }));
  });

  test('is written for other commands too, also if they fail', async () => {
    expect((await workplace.run('config', '--log-file=c.jsonl')).code).toBe(0);
    expect((await linesOf('c.jsonl')).at(-1)).toMatchObject({ exitCode: 0 });
    expect((await workplace.run('hash', '--log-file=h.log', 'missing.raw')).code).toBe(5);
    expect((await linesOf('h.log')).at(-1)).toMatchObject({ exitCode: 5 });
  });

  test('contains no secret', async () => {
    const secret = 'hunter2';
    await workplace.write('key', secret);
    const words = ['--key', `all:key:${secret}`, '-c', `qemu+ssh://me:${secret}@host/system`, 'a.raw', 'b.raw'];
    expect((await workplace.run('--log-file', 's.log', ...words)).code).toBe(2);
    expect((await workplace.run('--log-file', 't.log', '--key', 'all:file:key', 'a.raw', 'b.raw')).code).toBe(0);
    for (const name of ['s.log', 't.log']) {
      const text = await readFile(workplace.path(name), 'utf8');
      expect(text).toContain('"key":"[redacted]"');
      expect(text).not.toContain(secret);
    }
  });

  test.each([
    ['an image that was named', ['image.log', 'a.raw', '--format', 'raw']],
    ['the only image', ['image.log']],
    ['an image, if the run fails early', ['image.log', 'a.raw', '--metric', 'none']],
    ['an image, if an option is invalid', ['image.log', 'a.raw', '--key', 'wrong']],
  ])('never replaces %s', async (_case, words) => {
    const before = await readFile(workplace.path('image.log'));
    const { code } = await workplace.run('--log-file', 'image.log', ...words);
    expect(code).not.toBe(0);
    expect(await readFile(workplace.path('image.log'))).toEqual(before);
  });

  test('must have the extension .log or .jsonl', async () => {
    const { code, stderr } = await workplace.run('doctor', '--log-file', 'a.raw');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        'virt-similarity: error: --log-file a.raw: expected a name that ends in .log or .jsonl; add the extension\n',
    });
  });
});
