import { link, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createAnalyzer,
  type DiskReader,
  type DiskSource,
  type FindOptions,
  type FoundImages,
  VirtSimilarityError,
} from '@virt-similarity/core';
import { systemPath } from '#core/files/path-text.js';
import { runTool } from '../../../fixtures/run-tool.js';

const EXTENSIONS = ['.img', '.qcow2', '.raw', '.vmdk'];

const REMEDY = 'name an image to include it, or see every name with `onNote`';

/** The file name of a cache entry. */
const CACHE_ENTRY = `${'0123456789abcdef'.repeat(2)}.${'0123456789abcdef'.repeat(4)}.arrow`;

let notes: [string, string][];
let directory: string;

beforeEach(async () => {
  notes = [];
  directory = await realpath(await mkdtemp(join(tmpdir(), 'find-images-')));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe('findImages', () => {
  test('keeps named images, with their format and in their order', async () => {
    await files('b.img', 'a.img');
    const { sources, directories } = await find([{ path: path('b.img'), format: 'raw' }, path('a.img')]);
    expect(sources).toEqual([{ path: path('b.img'), format: 'raw' }, { path: path('a.img') }]);
    expect(directories).toEqual([directory]);
  });

  test('lists images in a directory by the extensions of the readers, sorted by name', async () => {
    await files('c.QCOW2', 'a.raw', 'notes.txt', 'b.vmdk', 'vector.arrow', 'd.vdi');
    await mkdir(path('d.img'));
    const { sources } = await find([directory]);
    expect(sources.map((source) => source.path)).toEqual(['a.raw', 'b.vmdk', 'c.QCOW2', 'vector.arrow'].map(path));
  });

  test('sets noFollow for listed images, and keeps the given format', async () => {
    await files('a.raw');
    const { sources } = await find([{ path: directory, format: 'raw' }]);
    expect(sources).toEqual([{ path: path('a.raw'), format: 'raw', noFollow: true }]);
  });

  test("does not apply a directory's format to its hash vectors", async () => {
    await files('a.raw', 'v.arrow');
    const { sources } = await find([{ path: directory, format: 'raw' }]);
    expect(sources[1]).toEqual({ path: path('v.arrow'), noFollow: true });
  });

  test('prefers the format of a file to that of its directory, in any order', async () => {
    await files('a.img');
    const [listed, named] = [
      { path: directory, format: 'raw' },
      { path: path('a.img'), format: 'qcow2' },
    ];
    expect((await find([listed, named])).sources).toMatchObject([{ path: path('a.img'), format: 'qcow2' }]);
    expect((await find([named, listed])).sources).toMatchObject([{ path: path('a.img'), format: 'qcow2' }]);
  });

  test('refuses a file that is named with two formats', async () => {
    await files('a.img');
    await expect(find([{ path: path('a.img'), format: 'raw' }, path('a.img')])).rejects.toMatchObject({
      code: 'usage',
      message: `${path('a.img')} is named twice, with raw and with no format; name it once`,
    });
  });

  test('includes files named like parts of a VMDK unless a reader reports them as parts', async () => {
    await files('srv-s001.vmdk', 'web-delta.vmdk', 'x-flat.vmdk', 'x.vmdk');
    const everything = ['srv-s001.vmdk', 'web-delta.vmdk', 'x-flat.vmdk', 'x.vmdk'];
    expect((await find([directory])).sources.map((source) => source.path)).toEqual(everything.map(path));
    const partsIn: DiskReader['partsIn'] = async (asked, names) => {
      expect([asked, [...names].toSorted()]).toEqual([directory, everything]);
      return new Map([['x-flat.vmdk', 'x.vmdk']]);
    };
    const { sources } = await find([directory], { partsIn });
    expect(sources.map((source) => source.path)).toEqual(['srv-s001.vmdk', 'web-delta.vmdk', 'x.vmdk'].map(path));
    expect(notes).toEqual([
      ['warning', `left out of ${directory}: 1 part of another image; ${REMEDY}`],
      ['debug', `left out ${path('x-flat.vmdk')}: part of x.vmdk`],
    ]);
  });

  test('leaves out named files that are parts of other named images', async () => {
    await files('x.vmdk', 'x-flat.vmdk', 'y.vmdk');
    const { sources } = await find([path('x-flat.vmdk'), path('x.vmdk'), { path: path('y.vmdk'), format: 'raw' }], {
      partsIn: async (asked, names) => {
        expect([asked, [...names]]).toEqual([directory, ['x-flat.vmdk', 'x.vmdk']]);
        return new Map([['x-flat.vmdk', 'x.vmdk']]);
      },
    });
    expect(sources.map((source) => source.path)).toEqual(['x.vmdk', 'y.vmdk'].map(path));
    const remedy = 'see every name with `onNote`';
    expect(notes).toEqual([
      ['warning', `left out 1 named file, a part of other named images; ${remedy}`],
      ['debug', `left out ${path('x-flat.vmdk')}: part of x.vmdk`],
    ]);
  });

  test('leaves out a cache without a warning', async () => {
    await files('a.raw');
    await mkdir(path('kept'));
    await files(`kept/${CACHE_ENTRY}`);
    expect((await find([directory])).sources).toEqual([{ path: path('a.raw'), noFollow: true }]);
    expect(notes).toEqual([['debug', `left out ${path('kept')}: cache of hash vectors`]]);
  });

  test('includes all files if a reader cannot look for parts, with a warning', async () => {
    await files('a.vmdk');
    const { sources } = await find([directory], { partsIn: () => Promise.reject(new Error('no luck')) });
    expect(sources).toHaveLength(1);
    expect(notes).toEqual([['warning', `[fake] cannot look for parts of images in ${directory}: no luck`]]);
  });

  test('reports what it omits from a directory, in one summary and by name', async () => {
    await files('a.raw', 'notes.txt', 'disk', CACHE_ENTRY);
    await mkdir(path('sub'));
    await symlink('a.raw', path('link.raw'));
    await runTool('mkfifo', [path('pipe.raw')]);
    expect((await find([directory])).sources).toEqual([{ path: path('a.raw'), noFollow: true }]);
    const remedy = `search the subdirectories with \`recursive\`, ${REMEDY}`;
    const counts =
      '1 entry of a cache, 2 files without the extension of a disk image, 1 symbolic link, 1 subdirectory, 1 special file';
    expect(notes).toEqual([
      ['warning', `left out of ${directory}: ${counts}; ${remedy}`],
      ['debug', `left out ${path(CACHE_ENTRY)}: entry of a cache`],
      ['debug', `left out ${path('disk')}: file without the extension of a disk image`],
      ['debug', `left out ${path('link.raw')}: symbolic link`],
      ['debug', `left out ${path('notes.txt')}: file without the extension of a disk image`],
      ['debug', `left out ${path('pipe.raw')}: special file`],
      ['debug', `left out ${path('sub')}: subdirectory`],
    ]);
  });

  test('accepts and distinguishes images whose names are not UTF-8', async () => {
    await mkdir(systemPath(path('\udcff')));
    for (const name of ['\udcff/\udce9.raw', '\udcff/\ufffd.raw', '\udcff/\udce8.raw']) {
      await writeFile(systemPath(path(name)), '');
    }
    const { sources, directories } = await find([path('\udcff')]);
    expect(sources.map((source) => source.path)).toEqual(
      ['\udcff/\udce8.raw', '\udcff/\udce9.raw', '\udcff/\ufffd.raw'].map(path),
    );
    expect(directories).toEqual([path('\udcff')]);
  });

  test('follows symbolic links that are named, but not those in a directory', async () => {
    await files('a.raw');
    await mkdir(path('links'));
    await symlink(path('a.raw'), path('links/b.raw'));
    await files('links/c.raw');
    expect((await find([path('links')])).sources).toEqual([{ path: path('links/c.raw'), noFollow: true }]);
    expect((await find([path('links/b.raw')])).sources).toEqual([{ path: path('links/b.raw') }]);
  });

  test('allows the directory of a named link, not that of its target', async () => {
    await mkdir(path('secret'));
    await mkdir(path('links'));
    await files('secret/a.raw');
    await symlink(path('secret/a.raw'), path('links/b.raw'));
    await symlink(path('links'), path('other'));
    expect((await find([path('other/b.raw')])).directories).toEqual([path('links')]);
  });

  test('includes a file only once if it is named twice, even through a link, with a warning', async () => {
    await files('a.raw');
    await symlink(path('a.raw'), path('b.raw'));
    expect((await find([path('a.raw'), path('b.raw'), path('a.raw')])).sources).toEqual([{ path: path('a.raw') }]);
    expect(notes).toEqual([
      ['warning', `${path('b.raw')} and ${path('a.raw')} are the same file; it is compared once, as ${path('a.raw')}`],
      ['warning', `${path('a.raw')} is named twice; it is compared once, as ${path('a.raw')}`],
    ]);
  });

  test('does not normalise .. after a symbolic link', async () => {
    await mkdir(path('far/below'), { recursive: true });
    await files('far/a.raw');
    await symlink(path('far/below'), path('link'));
    expect((await find([`${path('link')}/..`])).sources).toEqual([
      { path: `${path('link')}/../a.raw`, noFollow: true },
    ]);
  });

  test('treats two hard links of one file as two images', async () => {
    await files('a.raw');
    await link(path('a.raw'), path('b.raw'));
    expect((await find([path('a.raw'), path('b.raw')])).sources).toHaveLength(2);
  });

  test('includes an image only once if it is named and also in a named directory', async () => {
    await files('a.raw', 'b.raw');
    expect((await find([path('b.raw'), directory])).sources.map((source) => source.path)).toEqual(
      ['b.raw', 'a.raw'].map(path),
    );
  });

  test('reports a failure for a directory without images, with its contents', async () => {
    await files('notes.txt');
    await mkdir(path('empty'));
    const { sources, directories, failures } = await find([directory, path('empty')]);
    expect(sources).toEqual([{ path: directory }, { path: path('empty') }]);
    expect(directories).toEqual([]);
    expect([...failures.values()]).toMatchObject([
      {
        code: 'refused',
        message: expect.stringContaining('found 1 file without the extension of a disk image, 1 sub'),
      },
      { code: 'refused', message: expect.stringContaining('found nothing; name the images themselves') },
    ]);
    expect(notes.filter(([level]) => level === 'warning')).toEqual([]);
  });

  test('searches subdirectories on request, without following links, and reports what it omits', async () => {
    await mkdir(path('b/deep'), { recursive: true });
    await mkdir(path('a'));
    await mkdir(path('outside'));
    await files('z.raw', 'b/deep/x.raw', 'b/y.raw', 'a/w.raw', 'a/notes.txt', 'outside/secret.raw');
    await symlink(path('outside'), path('b/link'));
    const { sources } = await find([path('b'), path('a')], undefined, { recursive: true });
    expect(sources).toEqual(
      ['b/y.raw', 'b/deep/x.raw', 'a/w.raw'].map((name) => ({ path: path(name), noFollow: true })),
    );
    expect(notes.map(([, text]) => text)).toEqual([
      `left out of ${path('b')}: 1 symbolic link; ${REMEDY}`,
      `left out ${path('b/link')}: symbolic link`,
      `left out of ${path('a')}: 1 file without the extension of a disk image; ${REMEDY}`,
      `left out ${path('a/notes.txt')}: file without the extension of a disk image`,
    ]);
  });

  test('searches at most 32 levels of subdirectories', async () => {
    const deepest = Array.from({ length: 33 }, (_, level) => `l${level + 1}`);
    await mkdir(path(deepest.join('/')), { recursive: true });
    await files(`${deepest.slice(0, 32).join('/')}/a.raw`, `${deepest.join('/')}/b.raw`);
    const { sources } = await find([directory], undefined, { recursive: true });
    expect(sources.map((source) => source.path)).toEqual([path(`${deepest.slice(0, 32).join('/')}/a.raw`)]);
    expect(notes[0]).toEqual(['warning', `left out of ${directory}: 1 subdirectory below 32 others; ${REMEDY}`]);
  });

  test('names the option that searches subdirectories if there are any', async () => {
    await files('a.raw');
    await mkdir(path('sub'));
    await find([directory, path('sub')]);
    expect(notes[0]?.[1]).toBe(
      `left out of ${directory}: 1 subdirectory; search the subdirectories with \`recursive\`, ${REMEDY}`,
    );
  });

  test('leaves out excluded entries: by name, by the end of the path, by the absolute path', async () => {
    await mkdir(path('old'));
    await mkdir(path('new/old'), { recursive: true });
    await files('a.raw', 'b.raw', '.c.raw', 'old/d.raw', 'old/e.img', 'new/old/f.raw', 'new/g.raw');
    const included = async (...exclude: string[]) => {
      notes = [];
      const { sources } = await find([directory], undefined, { recursive: true, exclude });
      return sources.map((source) => source.path.slice(directory.length + 1));
    };
    const everything = ['.c.raw', 'a.raw', 'b.raw', 'new/g.raw', 'new/old/f.raw', 'old/d.raw', 'old/e.img'];
    const without = (...names: string[]) => everything.filter((name) => !names.includes(name));
    expect(await included()).toEqual(everything);
    expect(await included('?.raw')).toEqual(['.c.raw', 'old/e.img']);
    expect(await included('old')).toEqual(without('new/old/f.raw', 'old/d.raw', 'old/e.img'));
    expect(notes[0]?.[1]).toBe(`left out of ${directory}: 2 excluded entries; ${REMEDY}`);
    expect(await included('old/*.raw')).toEqual(without('new/old/f.raw', 'old/d.raw'));
    expect(await included('./new/**')).toEqual(without('new/g.raw', 'new/old/f.raw'));
    expect(await included(`${directory}/old/`)).toEqual(without('old/d.raw', 'old/e.img'));
    expect(await included('/old')).toEqual(everything);
    const unusual = { recursive: true, exclude: ['old'] };
    expect((await find([`${directory}/./new/..//old/./`, path('b.raw')], undefined, unusual)).sources).toHaveLength(1);
    expect(await included('{a,b}.raw', '*.img')).toEqual(without('a.raw', 'b.raw', 'old/e.img'));
  });

  test('leaves out named images that are excluded, with a warning', async () => {
    await files('a.raw', 'b.raw');
    const { sources } = await find([path('a.raw'), path('b.raw')], undefined, { exclude: ['b*'] });
    expect(sources).toEqual([{ path: path('a.raw') }]);
    expect(notes).toEqual([
      ['warning', `left out ${path('b.raw')}, which is excluded`],
      ['debug', `left out ${path('b.raw')}: excluded`],
    ]);
    expect((await find([path('b.raw')], undefined, { exclude: ['*'] })).sources).toEqual([]);
  });

  test('does not report a missing file', async () => {
    expect((await find([path('missing.img')])).sources).toEqual([{ path: path('missing.img') }]);
  });

  test("passes its notes to the analyzer's logger if no onNote is given", async () => {
    await files('a.img');
    const logged: string[] = [];
    const logger = { note: (level: string, message: string) => void logged.push(`${level}: ${message}`) };
    const analyzer = createAnalyzer({ plugins: [], logger });
    await analyzer.findImages([path('a.img'), path('a.img')]);
    await analyzer.findImages([path('a.img'), path('a.img')], { onNote: () => {} });
    expect(logged).toEqual([`warning: ${path('a.img')} is named twice; it is compared once, as ${path('a.img')}`]);
  });
});

describe('an archive', () => {
  const isArchive = (name: string) => name.endsWith('.pack');
  const imagesIn: DiskReader['imagesIn'] = async ({ path: name, format }) => {
    if (name.endsWith('bad.pack')) {
      throw new VirtSimilarityError('corrupt', `cannot open ${name}: it is damaged`, { image: name });
    }
    return isArchive(name) || format === 'pack' ? ['a.img', 'x/b.img'] : undefined;
  };
  const inArchive = (name: string, ...members: string[]) =>
    members.map((member) => ({ path: `${path(name)}:${member}`, archive: path(name) }));

  test('is replaced by the images in it', async () => {
    await files('vm.pack', 'disk.img');
    const { sources, directories } = await find([path('vm.pack'), path('disk.img')], { imagesIn });
    expect(sources).toEqual([...inArchive('vm.pack', 'a.img', 'x/b.img'), { path: path('disk.img') }]);
    expect(directories).toEqual([directory]);
  });

  test('is recognised by a stated format, which does not apply to the images in it', async () => {
    await files('vm.img');
    const { sources } = await find([{ path: path('vm.img'), format: 'pack' }], { imagesIn });
    expect(sources).toEqual(inArchive('vm.img', 'a.img', 'x/b.img'));
  });

  test('in a directory is replaced by its images too, which get noFollow', async () => {
    await mkdir(path('packs'));
    await files('packs/one.pack', 'packs/two.img');
    const { sources } = await find([path('packs')], { imagesIn, extensions: ['.img', '.pack'] });
    expect(sources).toEqual([
      ...inArchive('packs/one.pack', 'a.img', 'x/b.img').map((image) => ({ ...image, noFollow: true })),
      { path: path('packs/two.img'), noFollow: true },
    ]);
  });

  test('can be part of the name of an image in it, whose format can be stated', async () => {
    await files('vm.pack', 'other', 'a:b.pack');
    const [named] = inArchive('vm.pack', 'any:1.img');
    const words = [{ path: named!.path, format: 'raw' }, path('other:x'), path('a:b.pack:c')];
    const { sources } = await find(words, { imagesIn });
    expect(sources).toEqual([{ ...named, format: 'raw' }, ...inArchive('other', 'x'), ...inArchive('a:b.pack', 'c')]);
  });

  test('is not looked for if a file with a colon in its name has the given path', async () => {
    await files('vm.pack', 'vm.pack:a.img');
    expect((await find([path('vm.pack:a.img')], { imagesIn })).sources).toEqual([{ path: path('vm.pack:a.img') }]);
    expect((await find([path('nothing:a.img')], { imagesIn })).sources).toEqual([{ path: path('nothing:a.img') }]);
  });

  test('that is also named through a link has the same images', async () => {
    await files('vm.pack');
    await symlink('vm.pack', path('link.pack'));
    const { sources } = await find([path('vm.pack'), `${path('link.pack')}:a.img`], { imagesIn });
    expect(sources).toEqual(inArchive('vm.pack', 'a.img', 'x/b.img'));
    expect(notes.at(-1)).toEqual([
      'warning',
      `${path('link.pack')}:a.img and ${path('vm.pack')}:a.img are the same file; it is compared once, as ${path('vm.pack')}:a.img`,
    ]);
  });

  test('that cannot be read is one failed image', async () => {
    await files('bad.pack');
    const { sources, failures } = await find([path('bad.pack')], { imagesIn });
    expect(sources).toEqual([{ path: path('bad.pack') }]);
    expect([...failures]).toEqual([[path('bad.pack'), expect.objectContaining({ code: 'corrupt' })]]);
  });

  test('whose reader is broken ends the search', async () => {
    await files('vm.pack');
    const broken = () => Promise.reject(new Error('broken'));
    await expect(find([path('vm.pack')], { imagesIn: broken })).rejects.toThrow(/broken/);
  });
});

function path(name: string): string {
  return join(directory, name);
}

async function files(...names: string[]): Promise<void> {
  for (const name of names) {
    await writeFile(path(name), '');
  }
}

/** Finds images with one reader, which recognises parts and archives only with `methods`. */
function find(
  images: readonly (string | DiskSource)[],
  methods: Pick<DiskReader, 'partsIn' | 'imagesIn' | 'extensions'> = {},
  options: FindOptions = {},
): Promise<FoundImages> {
  const never = () => Promise.reject(new Error('not called'));
  const fake: DiskReader = { extensions: EXTENSIONS, identify: never, open: never, ...methods };
  const analyzer = createAnalyzer({ plugins: [{ name: 'fake', readers: { fake } }] });
  return analyzer.findImages(images, { ...options, onNote: (level, message) => notes.push([level, message]) });
}
