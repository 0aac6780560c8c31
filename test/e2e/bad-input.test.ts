import { mkdir, readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Workplace } from './command.js';
import { rawImage, writeFamily } from './sample-images.js';

/** The first bytes of a qcow2 image: only the magic number and version 3. */
const CUT_QCOW2 = Uint8Array.of(0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3, 0, 0, 0, 0);

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.make();
  await writeFamily(workplace);
  await workplace.write('text.txt', 'This is a letter, not a disk.\n'.repeat(30));
  await workplace.write('empty.img', '');
  await workplace.write('cut.qcow2', CUT_QCOW2);
  await workplace.write('cut.arrow', 'ARROW1');
  await workplace.write('random.arrow', 'not a hash vector despite its name');
  await workplace.write('no-plugin.mjs', 'export default { name: 7 };');
  await workplace.write('imports.mjs', "import '@virt-similarity/core/errors';");
  await workplace.write('throws.mjs', 'throw new Error("out of order");');
  for (const directory of ['without-images', 'twin']) {
    await mkdir(workplace.path(directory));
  }
  await workplace.write('without-images/letter.txt', 'a letter');
  await workplace.write('twin/base.raw', rawImage(1));
});

afterAll(() => workplace.remove());

const BAD_COMMAND_LINES: readonly [what: string, line: string, code: number, message: RegExp][] = [
  ['no image', 'analyze', 2, /expected disk images, found none/],
  ['one image', 'base.raw', 2, /expected at least two images to compare, found only base\.raw; name another image/],
  ['one directory without images', 'without-images', 4, /without-images is a directory without images: .*; name the/],
  ['a missing file', 'base.raw missing.raw', 5, /missing\.raw/],
  [
    'a directory without images',
    'base.raw without-images',
    4,
    /without-images is a directory without images: .*; name the images themselves/,
  ],
  ['a text file', 'base.raw text.txt', 4, /text\.txt.*--format raw/],
  ['an empty file', 'base.raw empty.img', 5, /empty\.img.*empty/],
  ['a truncated qcow2 image', 'base.raw cut.qcow2', 5, /cut\.qcow2.*truncated/],
  ['a truncated hash-vector file', 'base.raw cut.arrow', 5, /cut\.arrow/],
  [
    'a text file named like a hash vector',
    'base.raw random.arrow',
    5,
    /random\.arrow as a hash vector: expected ARROW1/,
  ],
  [
    'a disk stated to be a hash vector',
    '--format arrow base.raw --format raw clone.raw',
    5,
    /base\.raw as a hash vector: expected/,
  ],
  ['an unknown command', 'doctr', 2, /did you mean 'doctor'\?/],
  ['an unknown option', '--linkge ward base.raw clone.raw', 2, /--linkge.*did you mean '--linkage'\?/],
  ['an option without its value', 'base.raw clone.raw --metric', 2, /--metric.*argument missing/],
  ['options that exclude each other', '-q -v base.raw clone.raw', 2, /--quiet.*cannot be used with.*--verbose/],
  ['an unknown image format', '--format qcow3 base.raw clone.raw', 2, /qcow3.*did you mean 'qcow2'\?/],
  ['an unknown output format', '-O newik base.raw clone.raw', 2, /newik.*did you mean 'newick'\?/],
  ['an unknown extension', '-o tree.nkw base.raw clone.raw', 2, /\.nkw.*did you mean '\.nwk'\?/],
  ['an unknown metric', '--metric haming base.raw clone.raw', 2, /haming.*did you mean 'hamming/],
  ['an unknown linkage', '--linkage avrage base.raw clone.raw', 2, /avrage.*did you mean 'average'\?/],
  ['an unknown clusterer', '--clusterer fst base.raw clone.raw', 2, /fst.*did you mean 'fast/],
  ['an unknown hash', '--hash sha265 base.raw clone.raw', 2, /sha265.*did you mean 'sha256/],
  ['an unknown reader', '--reader rwa base.raw clone.raw', 2, /rwa.*did you mean 'raw/],
  [
    'a plugin that imports a package that is not installed there',
    '--plugin ./imports.mjs base.raw clone.raw',
    3,
    /run npm install @virt-similarity\/core in the plugin's directory/,
  ],
  ['a missing plugin', '--plugin ./no-plugn.mjs base.raw clone.raw', 2, /did you mean 'no-plugin\.mjs'\?/],
  [
    'a file that is not a plugin',
    '--plugin ./no-plugin.mjs base.raw clone.raw',
    2,
    /expected the plugin to have a name, found a number/,
  ],
  ['a plugin without ./', '--plugin throws.mjs base.raw clone.raw', 2, /write \.\/throws\.mjs/],
  ['a plugin that throws', '--plugin ./throws.mjs base.raw clone.raw', 3, /throws\.mjs.*out of order/],
  [
    'a block size out of range',
    '--block-size 100 base.raw clone.raw',
    2,
    /--block-size: expected a power of two.*'100'/,
  ],
  ['jobs out of range', '--jobs 0 base.raw clone.raw', 2, /--jobs: expected a whole number.*'0'/],
  [
    'an unknown color',
    '--color sometimes base.raw clone.raw',
    2,
    /--color: expected one of auto, always, never; found 'sometimes'$/,
  ],
  ['an option of another report', '--binary base.raw clone.raw', 2, /--binary has no effect here.*-O newick/],
  ['one output twice', '-o a.nwk -o ./a.nwk base.raw clone.raw', 2, /would be written twice/],
  [
    'an output in a missing directory',
    '-o no/a.nwk base.raw clone.raw',
    2,
    /cannot write no\/a\.nwk: the directory no does not exist; create it with mkdir -p 'no'/,
  ],
  [
    'a missing directory for backing files',
    '--allow-backing nodir base.raw clone.raw',
    2,
    /--allow-backing nodir: no such directory; name/,
  ],
  [
    'hash vectors with the same name',
    'hash base.raw twin/base.raw',
    2,
    /base\.raw and twin\/base\.raw would both be written/,
  ],
  ['a hash vector over an image', 'hash base.raw -o clone.raw', 2, /clone\.raw.*\.arrow/],
  ['a cache command without an action', 'cache', 2, /expected one of list, verify, prune; found nothing/],
  [
    'an option of another command',
    'hash --heights base.raw',
    2,
    /hash: unknown option '--heights'; it is an option of analyze; see virt-similarity --help$/,
  ],
  [
    'an unknown option of a command',
    'cache list --size 3',
    2,
    /unknown option '--size'; see virt-similarity cache --help$/,
  ],
  [
    'a picture in an unknown format',
    'base.raw clone.raw -o t.pdf',
    2,
    /found \.pdf; a picture is written as \.html or \.svg$/,
  ],
  [
    'vectors of several images in one file',
    'hash base.raw clone.raw -o other.raw',
    2,
    /found an existing file; write -o DIR\/ to create a directory$/,
  ],
  [
    'a vector in place of an image',
    'hash base.raw -o other.raw',
    2,
    /found an existing file; write -o other\.raw\.arrow$/,
  ],
  ['a mistyped action of the cache command', 'cache prun', 2, /did you mean 'prune'\?/],
  ['too many arguments', 'plugins all', 2, /too many arguments/],
];

describe('bad input', () => {
  test.each(BAD_COMMAND_LINES)(
    '(%s) results in one error on stderr, no output and no file: %s',
    async (_, line, code, message) => {
      const before = await contents();
      const words = line.split(' ').filter((word) => word !== '');
      const ended = await workplace.run(...words);
      const errors = ended.stderr
        .split('\n')
        .filter(
          (text) => !/^(hashing |virt-similarity: error: no report: |.*: (hashed|taken from the cache)$|$)/.test(text),
        );
      expect(errors).toEqual([expect.stringMatching(message)]);
      expect(errors[0]).toMatch(/^virt-similarity: error: /);
      expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: '' });
      expect(await contents()).toEqual(before);
    },
  );

  test.each([
    ['base.raw missing.raw', /missing\.raw/],
    ['base.raw without-images', /without-images is a directory without images/],
  ])('that leaves one image results in a line that says why there is no report: %s', async (line, error) => {
    const { stderr } = await workplace.run('--no-cache', ...line.split(' '));
    expect(stderr.trimEnd().split('\n').slice(-2)).toEqual([
      expect.stringMatching(error),
      'virt-similarity: error: no report: expected at least two images to compare, and only base.raw could be used',
    ]);
  });

  test('that names an image twice results in a warning, and the image is compared once', async () => {
    const ended = await workplace.run('-q', '--no-cache', 'base.raw', 'clone.raw', './base.raw');
    expect(ended.code).toBe(0);
    expect(ended.stderr).toBe(
      'virt-similarity: warning: ./base.raw and base.raw are the same file; it is compared once, as base.raw\n',
    );
    expect(ended.stdout.match(/base\.raw/g)).toHaveLength(1);
  });

  test('for one image does not prevent the analysis of the others', async () => {
    const ended = await workplace.run('-q', '--no-cache', 'base.raw', 'missing.raw', 'cut.qcow2', 'clone.raw');
    expect(ended.code).toBe(3);
    expect(ended.stdout).toContain('base.raw');
    expect(ended.stdout).toContain('clone.raw');
    expect(ended.stderr.match(/^virt-similarity: error: .*(missing\.raw|cut\.qcow2)/gm)).toHaveLength(2);
  });

  test.each(['analyze', 'hash'])('for several images is reported by %s in the order of the images', async (command) => {
    // The first image takes longest to fail, so the images fail in a different order.
    const bad = [
      'text.txt',
      ...Array.from({ length: 40 }, (_, index) => `missing-${index}.raw`),
      'cut.qcow2',
      'empty.img',
    ];
    const output = command === 'hash' ? ['-o', 'vectors/'] : [];
    const ended = await workplace.run(command, '-q', '--no-cache', ...output, 'base.raw', ...bad, 'clone.raw');
    expect(ended.code).toBe(3);
    const failed = [...ended.stderr.matchAll(/^virt-similarity: error: cannot open ([^:]*): /gm)].map(
      ([, name]) => name,
    );
    expect(failed).toEqual(bad);
    const verbose = await workplace.run(command, '-v', '--no-cache', ...output, 'base.raw', ...bad, 'clone.raw');
    expect(verbose.stderr.match(/^virt-similarity: error: /gm)).toHaveLength(bad.length);
  });

  test('is reported with a stack trace with --verbose', async () => {
    const ended = await workplace.run('-v', '--no-cache', 'base.raw', 'missing.raw');
    expect(ended.stderr).toMatch(/^ +at .*\.js:\d+/m);
  });

  /** Returns the path and content of every file, except for those in the cache. */
  async function contents(): Promise<[string, string][]> {
    const names = (await readdir(workplace.directory, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('similarity-cache'))
      .map((entry) => `${entry.parentPath}/${entry.name}`);
    return Promise.all(
      names.sort().map(async (name): Promise<[string, string]> => [name, (await readFile(name)).toString('latin1')]),
    );
  }
});
