import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { runTool } from '../fixtures/run-tool.js';
import { COMMAND, Workplace } from './command.js';
import { rawImage } from './sample-images.js';

jest.setTimeout(60_000);

/** Names that options, protocols, terminals and report formats would make something else of. */
const NAMES = [
  '-U',
  '--output=x.raw',
  'json:{"driver":"file","filename":"secret"}',
  'nbd:localhost:10809',
  'two\nlines\r.raw',
  '\u001b[31mred\u009b2J.raw',
  '\'single\' "double" `back`.raw',
  '<script>alert(1)<script>.raw',
  'a -> b; { rank=same } \\N\\".raw',
  "(a:1,b:2)[&&NHX]:3;'_.raw",
  'ends in a backslash.raw\\',
  '$(reboot) %n %s * ?.raw',
  'Größe テスト \u202egnp.raw',
];

let workplace: Workplace;
let words: string[];

beforeAll(async () => {
  workplace = await Workplace.make();
  for (const [index, name] of NAMES.entries()) await workplace.write(name, rawImage(1, 2, 3, index + 1));
  // As names, not as paths: `./-U` would hide what a tool makes of them.
  words = ['--no-cache', '--format', 'raw', '--', ...NAMES];
});

afterAll(() => workplace.remove());

describe('hostile names', () => {
  test.each(['raw', 'qemu'])('are those of plain files to the reader %s', async (reader) => {
    const { code, stdout, stderr } = await workplace.run('-O', 'json', '--reader', reader, ...words);
    expect(stderr).not.toContain('error');
    expect(code).toBe(0);
    const { images } = JSON.parse(stdout) as { images: { name: string }[] };
    expect(images.map(({ name }) => name)).toEqual(NAMES);
  });

  test('of images in formats of qemu are those of plain files too', async () => {
    const vmdks = NAMES.map((name) => `${name}.vmdk`);
    for (const [index, name] of vmdks.entries()) {
      await runTool('qemu-img', [
        'convert',
        '-f',
        'raw',
        '-O',
        'vmdk',
        '-o',
        'subformat=streamOptimized',
        workplace.path(NAMES[index]!),
        `${workplace.path('plain.vmdk')}`,
      ]);
      await writeFile(workplace.path(name), await readFile(workplace.path('plain.vmdk')));
    }
    const { code, stdout, stderr } = await workplace.run('-q', '-O', 'json', '--no-cache', '--', ...vmdks);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { images } = JSON.parse(stdout) as { images: { name: string }[] };
    expect(images.map(({ name }) => name)).toEqual(vmdks);
  });

  test('neither reach the terminal raw nor break a report', async () => {
    const files = ['r.txt', 'r.nwk', 'r.dot', 'r.json'];
    const { code, stdout, stderr } = await workplace.run(...files.flatMap((file) => ['-o', file]), ...words);
    expect(code).toBe(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(stdout + stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .filter((line) => line.includes('--- ')),
    ).toHaveLength(NAMES.length);
    expect(await readFile(workplace.path('r.txt'), 'utf8')).toBe(stdout);
    expect(await readFile(workplace.path('r.nwk'), 'utf8')).toMatch(/^[-A-Za-z0-9.(),:]+;\n$/);
    await runTool('dot', ['-Tsvg', '-o', workplace.path('r.svg'), workplace.path('r.dot')]);
    expect(await readFile(workplace.path('r.svg'), 'utf8')).not.toContain('<script');
  });

  test('are those of their hash-vector files', async () => {
    const { code, stderr } = await workplace.run('-q', 'hash', '-o', 'vectors/', ...words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect((await readdir(workplace.path('vectors'))).toSorted()).toEqual(
      NAMES.map((name) => `${name}.arrow`).toSorted(),
    );
  });
});

describe('a name that is not UTF-8', () => {
  const NOT_UTF8 =
    /^virt-similarity: error: cannot open [^\n]*bad\uFFFD\.raw: its name, [^\n]*, is not UTF-8; rename it\n$/;

  beforeAll(async () => {
    await runTool('mkdir', [workplace.path('mixed')]);
    for (const name of ['one.raw', 'two.raw']) await workplace.write(`mixed/${name}`, rawImage(1, 2));
    const path = Buffer.concat([Buffer.from(workplace.path('mixed/bad')), Buffer.of(0xff), Buffer.from('.raw')]);
    await writeFile(path, rawImage(1));
    await symlink(path, workplace.path('link.raw'));
  });

  test('is told of as such in a directory, and the other images are reported', async () => {
    const { code, stdout, stderr } = await workplace.run('-q', '--no-cache', 'mixed');
    expect(code).toBe(3);
    expect(stdout).toMatch(/one\.raw[\s\S]*two\.raw/);
    expect(stderr).toMatch(NOT_UTF8);
  });

  test('is told of as such on the command line', async () => {
    // Node.js cannot start anything with such a name either.
    const shell = '"$@" -q --no-cache mixed/one.raw mixed/two.raw mixed/bad?.raw';
    const { code, stderr } = await workplace.startBy('sh', ['-c', shell, 'sh', ...COMMAND]).ended;
    expect(code).toBe(3);
    expect(stderr).toMatch(NOT_UTF8);
  });

  test('is told of as such where a link leads to it', async () => {
    const { code, stderr } = await workplace.run('-q', '--no-cache', 'link.raw', 'mixed/one.raw');
    expect(code).toBe(5);
    expect(stderr).toMatch(/cannot open link\.raw: its name, or that of a directory that leads to it, is not UTF-8/);
  });
});
