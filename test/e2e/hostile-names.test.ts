import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { systemPath } from '@virt-similarity/core';
import { COMMAND } from '../fixtures/command.js';
import { runTool } from '../fixtures/run-tool.js';
import { type Ended, Workplace } from './command.js';
import { rawImage } from './sample-images.js';

/** Names that could be interpreted as options, protocols, terminal sequences or the syntax of reports. */
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
  for (const [index, name] of NAMES.entries()) {
    await workplace.write(name, rawImage(1, 2, 3, index + 1));
  }
  // Without `./` before the names: a tool could interpret `-U` as an option, but not `./-U`.
  words = ['--no-cache', '--format', 'raw', '--', ...NAMES];
});

afterAll(() => workplace.remove());

describe('hostile names', () => {
  test.each(['raw', 'qemu'])('are read as names of files by the reader %s', async (reader) => {
    const { code, stdout, stderr } = await workplace.run('-O', 'json', '--reader', reader, ...words);
    expect(stderr).not.toContain('error');
    expect(code).toBe(0);
    const { images } = JSON.parse(stdout) as { images: { name: string }[] };
    expect(images.map(({ name }) => name)).toEqual(NAMES);
  });

  test('of images in other formats are read as names of files', async () => {
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

  test('are escaped on the terminal and do not break reports', async () => {
    const files = ['r.txt', 'r.nwk', 'r.dot', 'r.json'];
    const { code, stdout, stderr } = await workplace.run(...files.flatMap((file) => ['-o', file]), ...words);
    expect(code).toBe(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the output must not contain them
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

  test('are kept in the names of hash-vector files', async () => {
    const { code, stderr } = await workplace.run('-q', 'hash', '-o', 'vectors/', ...words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect((await readdir(workplace.path('vectors'))).toSorted()).toEqual(
      NAMES.map((name) => `${name}.arrow`).toSorted(),
    );
  });
});

describe('a name that is not UTF-8', () => {
  /** The name in text reports. */
  const SHOWN = 'caf\\u{dce9}.raw';

  beforeAll(async () => {
    await mkdir(systemPath(workplace.path('mixed\udcff')));
    for (const name of ['one.raw', 'two.raw']) {
      await workplace.write(name, rawImage(1, 2));
    }
    for (const name of ['caf\udce9.raw', 'mixed\udcff/inside.raw']) {
      await writeFile(systemPath(workplace.path(name)), rawImage(1, 2, 3));
    }
    await symlink(systemPath(workplace.path('caf\udce9.raw')), workplace.path('link.raw'));
  });

  /** Runs the command with these words in a shell, because Node.js passes only names in UTF-8 to a program. */
  function type(words: string, directory = '.'): Promise<Ended> {
    return workplace.startBy('bash', ['-c', `cd ${directory} && "$@" ${words}`, 'bash', ...COMMAND]).ended;
  }

  test.each([
    ['on the command line', `-q --no-cache one.raw $'caf\\xe9.raw'`, SHOWN],
    ['as a value of --add', `-q --no-cache one.raw --add=$'caf\\xe9.raw'`, SHOWN],
    ['as a directory', `-q --no-cache one.raw $'mixed\\xff'`, 'inside.raw'],
    ['as the target of a link', '-q --no-cache one.raw link.raw', 'link.raw'],
    ['from a shell pattern', '-q --no-cache one.raw caf?.raw', SHOWN],
  ])('is read %s', async (_, words, shown) => {
    const { code, stdout, stderr } = await type(words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`- ${shown}\n`);
  });

  test('is escaped in error messages', async () => {
    const { code, stderr } = await type(`-q --no-cache one.raw two.raw $'missing\\xe9.raw'`);
    expect(code).toBe(3);
    expect(stderr).toBe(
      'virt-similarity: error: cannot open missing\\u{dce9}.raw: there is no such file; check its name\n',
    );
  });

  test('can belong to an allowed directory of backing files', async () => {
    await mkdir(workplace.path('over'));
    const create = `qemu-img create -q -f qcow2 -F raw -b $'../mixed\\xff/inside.raw' top.qcow2`;
    await runTool('bash', ['-c', `cd "$1" && ${create}`, 'bash', workplace.path('over')]);
    expect(await type('hash -q --no-cache over/top.qcow2')).toMatchObject({ code: 4 });
    const { code, stderr } = await type(`hash -q --no-cache --allow-backing $'mixed\\xff' over/top.qcow2`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('can belong to a report, the cache and their directory', async () => {
    const outputs = `-o $'mixed\\xff/tree\\xfe.json' --cache $'mixed\\xff/cache\\xfd'`;
    const { code, stderr } = await type(`-q ${outputs} one.raw two.raw`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const written = await readdir(systemPath(workplace.path('mixed\udcff')), { encoding: 'latin1' });
    expect(written.toSorted()).toEqual(['cache\xfd', 'inside.raw', 'tree\xfe.json']);
    const entries = await readdir(systemPath(workplace.path('mixed\udcff/cache\udcfd')));
    expect(entries).toHaveLength(2);
  });

  test('can belong to the working directory with the cache', async () => {
    const { code, stderr } = await type('-q inside.raw ../one.raw', `$'mixed\\xff'`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await readdir(systemPath(workplace.path('mixed\udcff')))).toContain('similarity-cache');
    // The name as Node.js decodes it did not become the name of another directory.
    const names = await readdir(workplace.directory, { encoding: 'latin1' });
    expect(names.filter((name) => name.startsWith('mixed'))).toEqual(['mixed\xff']);
  });

  test('is stored in the cache, which lists the image as current', async () => {
    await type(`-q --cache known one.raw $'caf\\xe9.raw'`);
    const { stdout } = await workplace.run('cache', 'list', '--cache', 'known');
    expect(stdout).toMatch(/^current .* caf\\u\{dce9\}\.raw$/m);
  });

  test('is kept in the name of the hash-vector file, which can be analyzed', async () => {
    const { code, stderr } = await type(`hash -q --no-cache $'caf\\xe9.raw'`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { stdout } = await type(`-q -O json --no-cache one.raw $'caf\\xe9.raw.arrow'`);
    const { images } = JSON.parse(stdout) as { images: { path: string }[] };
    expect(images.map(({ path }) => path)).toEqual(['one.raw', 'caf\udce9.raw.arrow']);
  });
});
