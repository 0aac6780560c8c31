import { link, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { systemPath } from '#core/paths/path-text.js';
import { findImages } from '#core/pipeline/find-images.js';

let directory: string;

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'find-images-')));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe('findImages', () => {
  test('keeps what is named, with its format and in its order', async () => {
    await files('b.img', 'a.img');
    const { sources, directories } = await findImages([{ path: path('b.img'), format: 'raw' }, path('a.img')]);
    expect(sources).toEqual([{ path: path('b.img'), format: 'raw' }, { path: path('a.img') }]);
    expect(directories).toEqual([directory]);
  });

  test('takes the images of a directory by their endings, in the order of their names', async () => {
    await files('c.QCOW2', 'a.raw', 'notes.txt', 'b.vmdk', 'b-flat.vmdk', 'b-s001.vmdk', 'vector.arrow');
    await mkdir(path('d.img'));
    const { sources } = await findImages([directory]);
    expect(sources.map((source) => source.path)).toEqual(['a.raw', 'b.vmdk', 'c.QCOW2', 'vector.arrow'].map(path));
  });

  test('takes images whose names are not UTF-8, and none of them for another', async () => {
    await mkdir(systemPath(path('\udcff')));
    for (const name of ['\udcff/\udce9.raw', '\udcff/\ufffd.raw', '\udcff/\udce8.raw']) {
      await writeFile(systemPath(path(name)), '');
    }
    const { sources, directories } = await findImages([path('\udcff')]);
    expect(sources.map((source) => source.path)).toEqual(
      ['\udcff/\udce8.raw', '\udcff/\udce9.raw', '\udcff/\ufffd.raw'].map(path),
    );
    expect(directories).toEqual([path('\udcff')]);
  });

  test('does not follow symbolic links in a directory, but those that are named', async () => {
    await files('a.raw');
    await mkdir(path('links'));
    await symlink(path('a.raw'), path('links/b.raw'));
    await files('links/c.raw');
    expect((await findImages([path('links')])).sources).toEqual([{ path: path('links/c.raw') }]);
    const { sources, directories } = await findImages([path('links/b.raw')]);
    expect(sources).toEqual([{ path: path('links/b.raw') }]);
    expect(directories.toSorted()).toEqual([directory, path('links')]);
  });

  test('refuses a file that is named twice, also by way of a link', async () => {
    await files('a.raw');
    await symlink(path('a.raw'), path('b.raw'));
    await expect(findImages([path('a.raw'), path('a.raw')])).rejects.toMatchObject({ code: 'usage' });
    await expect(findImages([path('a.raw'), path('b.raw')])).rejects.toMatchObject({
      code: 'usage',
      message: `${path('b.raw')} and ${path('a.raw')} are the same file; name each image once`,
    });
  });

  test('takes two hard links of one file for two images', async () => {
    await files('a.raw');
    await link(path('a.raw'), path('b.raw'));
    expect((await findImages([path('a.raw'), path('b.raw')])).sources).toHaveLength(2);
  });

  test('counts an image once that is named and lies in a named directory', async () => {
    await files('a.raw', 'b.raw');
    expect((await findImages([path('b.raw'), directory])).sources.map((source) => source.path)).toEqual(
      ['b.raw', 'a.raw'].map(path),
    );
  });

  test('leaves a directory without images to whoever opens it', async () => {
    await files('notes.txt');
    expect((await findImages([directory])).sources).toEqual([{ path: directory }]);
  });

  test('leaves a missing file to whoever opens it', async () => {
    expect((await findImages([path('missing.img')])).sources).toEqual([{ path: path('missing.img') }]);
  });
});

function path(name: string): string {
  return join(directory, name);
}

async function files(...names: string[]): Promise<void> {
  for (const name of names) await writeFile(path(name), '');
}
