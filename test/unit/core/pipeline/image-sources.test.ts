import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type AnalyzerParts,
  createAnalyzer,
  type DiskSource,
  FileSource,
  type ImageSource,
  type ListedImage,
  type NamedImages,
  type PartContext,
  type Plugin,
  REPLACED,
  VirtSimilarityError,
} from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import { imageSourceContract } from '@virt-similarity/testing';
import { inject, injectable } from 'tsyringe';
import { settled } from '../../../fixtures/settled.js';

let directory: string;

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'image-sources-')));
  for (const name of ['1.img', '2.img', 'fleet:web']) {
    await writeFile(join(directory, name), Buffer.alloc(1024, name));
  }
});

afterAll(() => rm(directory, { recursive: true }));

function inDirectory(name: string): string {
  return join(directory, name);
}

/** A source of machines by name, which records its calls. */
class Fleet implements ImageSource {
  readonly calls: (readonly NamedImages[])[] = [];

  async *list(named: readonly NamedImages[]): AsyncGenerator<ListedImage> {
    this.calls.push(named);
    for (const { word, ...stated } of named) {
      const number = ['web', 'db'].indexOf(word) + 1;
      if (number === 0) {
        throw new VirtSimilarityError('usage', `there is no machine ${word}`);
      }
      yield { path: inDirectory(`${number}.img`), format: 'raw', label: word, ...stated };
    }
  }
}

function unknownReader(): never {
  throw new Error('there are no readers');
}

function fleetOf(fleet: ImageSource = new Fleet()): Plugin {
  return { name: 'fleet', url: import.meta.url, sources: { fleet } };
}

function compose(parts: Partial<AnalyzerParts>) {
  return createAnalyzer({ plugins: [readers, hashers], ...parts });
}

describe.each([
  [
    'files',
    () => ({ source: new FileSource({ names: [], get: unknownReader }), words: ['1.img', '2.img'].map(inDirectory) }),
  ],
  ['a plugin', () => ({ source: new Fleet(), words: ['web', 'db'] })],
])('the source of %s', (_, setUp) => {
  for (const { title, run } of imageSourceContract(setUp)) {
    test(title, run);
  }
});

test.each<[string, ImageSource['list']]>([
  [
    'lists one image for each word, in the order of the words',
    async function* (named) {
      for (const { word } of named.toSorted((one, other) => (one.word < other.word ? -1 : 1))) {
        yield { path: word };
      }
    },
  ],
  [
    'returns a path for each image, and no label twice',
    async function* (named) {
      for (const { word } of named) {
        yield { path: word, label: 'machine' };
      }
    },
  ],
  [
    'lists the same images each time',
    async function* (named) {
      for (const { word } of named) {
        yield { path: `${word}${Math.random()}` };
      }
    },
  ],
  [
    'keeps the format and the label that the user gives',
    async function* (named) {
      for (const { word } of named) {
        yield { path: word };
      }
    },
  ],
  [
    'ends when its signal fires',
    async function* () {
      await new Promise(() => {});
      yield* [];
    },
  ],
])('the source contract detects a violation of: %s', async (title, list) => {
  const broken = imageSourceContract(() => ({ source: { list }, words: ['web', 'db'] }));
  await expect(broken.find((each) => each.title === title)!.run()).rejects.toThrow();
});

describe('a source of images', () => {
  test('lists NAME:WORD among paths, and receives consecutive words with the same format together', async () => {
    const fleet = new Fleet();
    const analyzer = compose({ plugins: [readers, hashers, fleetOf(fleet)] });
    const found = await analyzer.findImages(['fleet:db', inDirectory('fleet:web'), 'fleet:web']);
    expect(found.sources).toEqual([
      { path: inDirectory('2.img'), format: 'raw', label: 'db' },
      { path: inDirectory('fleet:web') },
      { path: inDirectory('1.img'), format: 'raw', label: 'web' },
    ]);
    expect(found.directories).toEqual([directory]);
    await analyzer.findImages(['fleet:db', { path: 'fleet:web', format: 'raw' }]);
    expect(fleet.calls.splice(0)).toEqual([
      [{ word: 'db' }],
      [{ word: 'web' }],
      [{ word: 'db' }],
      [{ word: 'web', format: 'raw' }],
    ]);
    await analyzer.findImages(['fleet:db', 'fleet:web']);
    expect(fleet.calls).toEqual([[{ word: 'db' }, { word: 'web' }]]);
  });

  test('whose name ends in :// lists only words that begin with its full name', async () => {
    const words: string[] = [];
    const source: ImageSource = {
      async *list(named) {
        words.push(...named.map(({ word }) => word));
        yield { path: inDirectory('1.img') };
      },
    };
    const plugin: Plugin = { name: 'web', url: import.meta.url, sources: { 'web://': source, fleet: new Fleet() } };
    const analyzer = compose({ plugins: [readers, plugin] });
    const found = await analyzer.findImages(['web:host/x', 'web:/host/x', 'web:', './web://host', 'web://host/x']);
    expect(found.sources.map(({ path }) => path)).toEqual([
      'web:host/x',
      'web:/host/x',
      'web:',
      './web://host',
      inDirectory('1.img'),
    ]);
    expect(words).toEqual(['host/x']);
    await expect(analyzer.findImages(['fleet://web'])).rejects.toThrow('there is no machine //web');
  });

  test('names images in reports by their labels, and keeps their paths', async () => {
    const analyzer = compose({ plugins: [readers, hashers, fleetOf()] });
    const { images } = await analyzer.analyze(['fleet:web', 'fleet:db']);
    expect(images.map(({ name, path }) => [name, path])).toEqual([
      ['web', inDirectory('1.img')],
      ['db', inDirectory('2.img')],
    ]);
  });

  test.each<[string, readonly (string | DiskSource)[], string]>([
    ['that does not accept a word', ['fleet:mail'], 'there is no machine mail'],
    [
      'whose label is also that of another image',
      ['fleet:web', { path: '2.img', label: 'web' }],
      'and 2.img have the same label, web;',
    ],
  ])('%s ends the run', async (_, images, message) => {
    const analyzer = compose({ plugins: [readers, hashers, fleetOf()] });
    await expect(analyzer.findImages(images)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    });
  });

  test.each<[string, unknown, string]>([
    ['that throws', new Error('no line'), 'the source failed: no line'],
    ['that lists undefined', undefined, 'expected images with a path, found undefined; fix the source'],
    [
      'that lists images without a path',
      { location: 'a' },
      "expected images with a path, found { location: 'a' }; fix the source",
    ],
    [
      'whose formats are not strings',
      { path: 'a', format: 1 },
      'expected images whose format is a non-empty string, found 1;',
    ],
    [
      'whose failures are not errors of this project',
      { path: 'a', failure: new Error('x') },
      'expected images whose failure',
    ],
    [
      'whose backing files are relative',
      { path: 'a', backing: ['base.raw'] },
      "expected images whose backing is a list of absolute paths, found [ 'base.raw' ];",
    ],
    [
      'whose labels are empty',
      { path: 'a', label: '' },
      "expected images whose label is a non-empty string, found '';",
    ],
  ])('%s is named in the error', async (_, listed, message) => {
    const odd: ImageSource = {
      async *list() {
        if (listed instanceof Error) {
          throw listed;
        }
        yield listed as ListedImage;
      },
    };
    await expect(compose({ plugins: [readers, fleetOf(odd)] }).findImages(['fleet:x'])).rejects.toMatchObject({
      code: 'plugin',
      message: expect.stringContaining(`[fleet] ${message}`),
    });
  });

  test('decides that a file fails, even if the file is also named in another way', async () => {
    const failure = new VirtSimilarityError('in-use', 'web is running');
    const running: ImageSource = {
      async *list() {
        yield { path: inDirectory('1.img'), format: 'raw', failure };
      },
    };
    const analyzer = compose({ plugins: [readers, fleetOf(running)] });
    const link = join(directory, 'links', 'web.img');
    await mkdir(dirname(link));
    await symlink(inDirectory('1.img'), link);
    const find = (...images: (string | DiskSource)[]) => analyzer.findImages(images, { onNote: () => undefined });
    const named = { path: inDirectory('1.img'), format: 'raw' };
    for (const images of [
      [named, 'fleet:web'],
      ['fleet:web', named],
      [directory, 'fleet:web'],
      ['fleet:web', directory],
    ]) {
      expect([...(await find(...images)).failures]).toEqual([[inDirectory('1.img'), failure]]);
    }
    expect([...(await find(link, 'fleet:web')).failures]).toEqual([
      [link, failure],
      [inDirectory('1.img'), failure],
    ]);
  });

  test('decides that a file is in use, so that its hash vector is not stored', async () => {
    const running: ImageSource = {
      async *list() {
        yield { path: inDirectory('1.img'), format: 'raw', inUse: true };
      },
    };
    const analyzer = compose({ plugins: [readers, hashers, fleetOf(running)] });
    await settled([inDirectory('1.img')]);
    const notes: string[] = [];
    const options = {
      cache: join(directory, 'cache'),
      allowInUse: true,
      onNote: (level: string, note: string) => void (level === 'warning' && notes.push(note)),
    };
    const hashed = async (...images: (string | DiskSource)[]) => {
      const found: unknown[] = [];
      for await (const { vector, cached } of analyzer.hash(images, options)) {
        found.push([vector?.dataBlocks, cached, vector?.identity?.chain[0]?.volatile]);
      }
      return found;
    };
    for (let run = 0; run < 2; run++) {
      expect(await hashed('fleet:web')).toEqual([[1, false, true]]);
    }
    expect(await hashed({ path: inDirectory('1.img'), format: 'raw' }, 'fleet:web')).toEqual([[1, false, true]]);
    expect(notes).toContainEqual(expect.stringMatching(/1\.img: a program may be writing to it: .* is not cached$/));
    // Without the source, the vector is cached.
    expect(await hashed(inDirectory('1.img'))).toEqual([[1, false, undefined]]);
    expect(await hashed(inDirectory('1.img'))).toEqual([[1, true, undefined]]);
  });

  test('is not blamed for errors of a callback', async () => {
    const noting: ImageSource = {
      async *list(_, { onNote }) {
        onNote('warning', 'odd');
        yield { path: inDirectory('1.img') };
      },
    };
    const error = new Error('enough');
    const options = {
      onNote: () => {
        throw error;
      },
    };
    await expect(compose({ plugins: [fleetOf(noting)] }).findImages(['fleet:x'], options)).rejects.toBe(error);
  });

  test('cannot override the format and label that the user gives', async () => {
    const plain: ImageSource = {
      async *list(named) {
        for (const { word } of named) {
          yield { path: inDirectory(word), format: 'qcow2' };
        }
      },
    };
    const analyzer = compose({ plugins: [readers, fleetOf(plain)] });
    const { sources } = await analyzer.findImages([
      { path: 'fleet:1.img', format: 'raw' },
      { path: 'fleet:2.img', label: 'mine' },
    ]);
    expect(sources).toEqual([
      { path: inDirectory('1.img'), format: 'raw' },
      { path: inDirectory('2.img'), format: 'qcow2', label: 'mine' },
    ]);
  });

  test.each<[string, readonly (string | DiskSource)[], string]>([
    ['an empty path', [''], "expected the path of an image to be a non-empty string without NUL, found ''"],
    ['a path with NUL', ['a\0b'], 'expected the path of an image to be a non-empty string without NUL'],
    ['an empty label', [{ path: 'a', label: '' }], 'expected the label of an image to be a non-empty string'],
    [
      'a label for a directory of several images',
      [{ path: '.', label: 'x' }],
      'expected one image for the label x, found ',
    ],
    ['a word without images', ['fleet:none'], '[fleet] found no image for none; check the name'],
  ])('and the other named images: %s is a usage error', async (_, images, message) => {
    const silent: ImageSource = { async *list() {} };
    const given = images.map((each) =>
      typeof each === 'object' && each.path === '.' ? { ...each, path: directory } : each,
    );
    await expect(compose({ plugins: [readers, fleetOf(silent)] }).findImages(given)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    });
  });

  test('allows the existing directories of the backing files that it states', async () => {
    const beside: ImageSource = {
      async *list() {
        yield { path: inDirectory('1.img'), backing: [join(tmpdir(), 'base.raw'), '/none/base.raw'] };
      },
    };
    const { directories, sources } = await compose({ plugins: [readers, fleetOf(beside)] }).findImages(['fleet:x']);
    expect(directories).toEqual([directory, await realpath(tmpdir())]);
    expect(sources).toEqual([{ path: inDirectory('1.img') }]);
  });

  test('receives whether images in use are allowed', async () => {
    const found: unknown[] = [];
    const curious: ImageSource = {
      async *list(_, { allowInUse }) {
        found.push(allowInUse);
        yield { path: inDirectory('1.img') };
      },
    };
    const analyzer = compose({ plugins: [readers, fleetOf(curious)] });
    await analyzer.findImages(['fleet:x'], { allowInUse: true });
    await analyzer.findImages(['fleet:x']);
    expect(found).toEqual([true, false]);
  });

  test('is refused if no reader supports the format of one of its images', async () => {
    const odd: ImageSource = {
      async *list() {
        yield { path: inDirectory('1.img'), format: 'odd' };
      },
    };
    await expect(compose({ plugins: [readers, fleetOf(odd)] }).findImages(['fleet:x'])).rejects.toThrow(
      /^unknown format 'odd' of .*1\.img: expected/,
    );
  });

  test('labels an image that is also named by its path, before or after its word', async () => {
    const analyzer = compose({ plugins: [readers, hashers, fleetOf()] });
    const path = inDirectory('1.img');
    const labelled = [{ path, format: 'raw', label: 'web' }];
    expect((await analyzer.findImages([{ path, format: 'raw' }, 'fleet:web'])).sources).toEqual(labelled);
    expect((await analyzer.findImages(['fleet:web', { path, format: 'raw' }])).sources).toEqual(labelled);
    const [listed] = (await analyzer.findImages([directory, { path, label: 'mine' }])).sources;
    expect(listed).toEqual({ path, noFollow: true, label: 'mine' });
    await expect(analyzer.findImages(['fleet:web', { path, format: 'raw', label: 'mine' }])).rejects.toThrow(
      `${path} is named twice, with the labels web and mine; name it once`,
    );
  });

  test('of an isolated plugin fails at the time limit if it never ends', async () => {
    const endless: ImageSource = {
      async *list() {
        yield { path: inDirectory('1.img') };
        await new Promise(() => {});
      },
    };
    const analyzer = compose({ isolated: [fleetOf(endless)], pluginTimeout: 0.1 });
    await expect(analyzer.findImages(['fleet:x'])).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^\[fleet\] the source gave no answer within 0\.1 s; /),
    });
  });

  test('of an isolated plugin is refused if it calls a source that calls it again', async () => {
    const asking = (name: string) => ({
      create: ({ parts }: PartContext<ImageSource>): ImageSource => {
        const others = parts('source');
        return {
          async *list(...given) {
            await Promise.resolve();
            yield* others.get(name).list(...given);
          },
        };
      },
    });
    const plugin = { name: 'fleet', url: import.meta.url, sources: { fleet: asking('navy'), navy: asking('fleet') } };
    await expect(compose({ isolated: [plugin], pluginTimeout: 300 }).findImages(['fleet:x'])).rejects.toMatchObject({
      code: 'plugin',
      message: expect.stringContaining('expected sources not to call each other endlessly'),
    });
  });

  test('can wrap the source of files', async () => {
    @injectable()
    class Sorting implements ImageSource {
      constructor(@inject(REPLACED) readonly files: ImageSource) {}
      list(...[named, options]: Parameters<ImageSource['list']>) {
        return this.files.list(
          named.toSorted((one, other) => (one.word < other.word ? -1 : 1)),
          options,
        );
      }
    }
    const plugin: Plugin = { name: 'sorting', sources: { files: Sorting } };
    const { sources } = await compose({ plugins: [readers, plugin] }).findImages(['2.img', '1.img'].map(inDirectory));
    expect(sources.map(({ path }) => path)).toEqual(['1.img', '2.img'].map(inDirectory));
  });
});
