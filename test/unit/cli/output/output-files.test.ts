import { link, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { checkOutputFiles } from '#cli/output/check-output-files.js';
import { planVectorFiles } from '#cli/output/plan-vector-files.js';

let directory: string;
const at = (name: string) => join(directory, name);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-outputs-'));
  await writeFile(at('image.raw'), '');
  await mkdir(at('folder'));
});

afterEach(() => rm(directory, { recursive: true }));

describe('output files', () => {
  test('may be new, or replace files that are no images', async () => {
    await writeFile(at('old.nwk'), '');
    await expect(
      checkOutputFiles([at('old.nwk'), at('new.txt')], [at('image.raw'), at('missing')]),
    ).resolves.toBeUndefined();
  });

  test('never replace an image, by whatever name', async () => {
    await link(at('image.raw'), at('other.nwk'));
    await expect(checkOutputFiles([at('other.nwk')], [at('image.raw')])).rejects.toThrow(
      expect.objectContaining({ code: 'refused', message: expect.stringContaining('would overwrite the image') }),
    );
  });

  test.each([
    ['are named twice', ['a.nwk', './a.nwk']],
    ['lie in a directory that is not there', ['no/a.nwk']],
    ['lie below a file', ['image.raw/a.nwk']],
    ['are directories', ['folder']],
  ])('are refused before any work where they %s', async (_, names) => {
    await expect(
      checkOutputFiles(
        names.map((name) => `${directory}/${name}`),
        [],
      ),
    ).rejects.toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('hash-vector files', () => {
  const names = async (images: string[], output?: string) => [...(await planVectorFiles(images, output)).values()];

  test('stand in the working directory, named after the images, unless told otherwise', async () => {
    expect(await names(['x/a.img', 'y/b.qcow2', 'c.arrow'])).toEqual(['a.img.arrow', 'b.qcow2.arrow', 'c.arrow']);
  });

  test('are named by the user where there is one image', async () => {
    expect(await names(['a.img'], at('mine.arrow'))).toEqual([at('mine.arrow')]);
  });

  test('have the extension that keeps them from being written over disk images', async () => {
    await expect(names(['a.img'], at('image.raw'))).rejects.toThrow(
      /expected a name that ends in \.arrow, or a directory/,
    );
  });

  test('go to a directory that exists', async () => {
    expect(await names(['a.img'], at('folder'))).toEqual([at('folder/a.img.arrow')]);
  });

  test('go to a directory that is made, where its name ends with a slash', async () => {
    expect(await names(['a.img', 'b.img'], at('new/'))).toEqual([at('new/a.img.arrow'), at('new/b.img.arrow')]);
    expect((await stat(at('new'))).isDirectory()).toBe(true);
  });

  test('of several images are refused where one file is named', async () => {
    await expect(names(['a.img', 'b.img'], at('mine'))).rejects.toThrow(
      /expected a directory for 2 images; write .*\/ to/,
    );
  });

  test('of images with one name are refused', async () => {
    await expect(names(['x/a.img', 'y/a.img'])).rejects.toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining('x/a.img and y/a.img would both be') }),
    );
  });
});
