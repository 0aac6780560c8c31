import { link, mkdir, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type FileStamp, stampOf, VirtSimilarityError, writeFileAtomically } from '@virt-similarity/core';
import { openOutputFiles } from '#cli/output/open-output-files.js';
import { planVectorFiles } from '#cli/output/plan-vector-files.js';

let directory: string;
const at = (name: string) => join(directory, name);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-outputs-'));
  await writeFile(at('image.raw'), '');
  await mkdir(at('folder'));
});

afterEach(() => rm(directory, { recursive: true }));

/** Opens the outputs and closes them again. */
async function check(
  paths: readonly string[],
  images: readonly string[] = [],
  missingDirectories: 'make' | 'refuse' = 'refuse',
): Promise<void> {
  (await openOutputFiles(paths, images, { missingDirectories })).close();
}

async function fileOf(path: string): Promise<FileStamp> {
  return stampOf(path, await stat(path, { bigint: true }));
}

async function* text(value: string) {
  yield value;
}

describe('output files', () => {
  test('can be new, or replace files that are not images', async () => {
    await writeFile(at('old.nwk'), '');
    await expect(check([at('old.nwk'), at('new.txt')], [at('image.raw'), at('missing')])).resolves.toBeUndefined();
  });

  test('never replace an image, even under another name', async () => {
    await link(at('image.raw'), at('other.nwk'));
    await expect(check([at('other.nwk')], [at('image.raw')])).rejects.toThrow(
      expect.objectContaining({ code: 'refused', message: expect.stringContaining('would overwrite the image') }),
    );
  });

  test('that are symbolic links are refused, regardless of their targets', async () => {
    for (const target of ['image.raw', 'nowhere', 'folder']) {
      await symlink(target, at(`${target}.nwk`));
      await expect(check([at(`${target}.nwk`)])).rejects.toMatchObject({ code: 'refused' });
    }
  });

  test.each([
    ['are named twice', ['a.nwk', './a.nwk']],
    ['are the same file in a directory with two names', ['folder/a.nwk', 'other/a.nwk']],
    ['are in a missing directory', ['no/a.nwk']],
    ['are below a file', ['image.raw/a.nwk']],
  ])('are refused before any work if they %s', async (_, names) => {
    await symlink('folder', at('other'));
    await expect(check(names.map((name) => `${directory}/${name}`))).rejects.toMatchObject({ code: 'usage' });
  });

  test.each([
    ['a directory', 'folder', (path: string) => at(path)],
    ['a special file', 'null', () => '/dev/null'],
  ])('at the path of %s are refused, without advice to remove it', async (what, name, pathOf) => {
    await expect(check([pathOf(name)])).rejects.toMatchObject({
      code: 'refused',
      message: `cannot write ${pathOf(name)}: it is ${what}, not a regular file; choose another name`,
    });
  });

  test('can be in new directories, which are made on request', async () => {
    await check([at('new/below/a.arrow')], [], 'make');
    expect((await stat(at('new/below'))).isDirectory()).toBe(true);
  });

  test('are refused as soon as they are identified as part of an image', async () => {
    await writeFile(at('base.txt'), 'base');
    const outputs = await openOutputFiles([at('base.txt')], [at('image.raw')]);
    const files = [await fileOf(at('image.raw')), await fileOf(at('base.txt'))];
    const event = { kind: 'image-identified', path: at('image.raw'), files } as const;
    expect(() => outputs.observe(event)).toThrow(
      expect.objectContaining({ code: 'refused', message: expect.stringContaining('a file of the image') }),
    );
    outputs.close();
  });

  test('do not replace a part of an image that took their place', async () => {
    await writeFile(at('base.raw'), 'base');
    const outputs = await openOutputFiles([at('tree.txt')], [at('image.raw')]);
    outputs.observe({ kind: 'image-identified', path: at('image.raw'), files: [await fileOf(at('base.raw'))] });
    await link(at('base.raw'), at('tree.txt'));
    const written = writeFileAtomically(at('tree.txt'), text('tree'), outputs.optionsFor(at('tree.txt')));
    await expect(written).rejects.toMatchObject({ code: 'refused' });
    expect(await readFile(at('tree.txt'), 'utf8')).toBe('base');
    outputs.close();
  });

  test('are written to the directory that was opened, even if a link takes its place', async () => {
    const outputs = await openOutputFiles([at('folder/tree.txt')], []);
    await mkdir(at('elsewhere'));
    await rename(at('folder'), at('moved'));
    await symlink('elsewhere', at('folder'));
    await writeFileAtomically(at('folder/tree.txt'), text('tree'), outputs.optionsFor(at('folder/tree.txt')));
    expect(await readFile(at('moved/tree.txt'), 'utf8')).toBe('tree');
    await expect(stat(at('elsewhere/tree.txt'))).rejects.toMatchObject({ code: 'ENOENT' });
    outputs.close();
  });

  test('report whether every image is identified or has failed', async () => {
    const outputs = await openOutputFiles([], ['one', 'other']);
    expect(outputs.knowsAllImages()).toBe(false);
    outputs.observe({ kind: 'image-identified', path: 'one', files: [] });
    expect(outputs.knowsAllImages()).toBe(false);
    outputs.observe({ kind: 'image-failed', path: 'other', error: new VirtSimilarityError('corrupt', 'no image') });
    expect(outputs.knowsAllImages()).toBe(true);
    outputs.close();
  });
});

describe('hash-vector files', () => {
  const names = async (images: string[], output?: string) => [
    ...(await planVectorFiles(images, output)).files.values(),
  ];

  test('are written to the working directory by default, named after the images', async () => {
    expect(await names(['x/a.img', 'y/b.qcow2', 'c.arrow'])).toEqual(['a.img.arrow', 'b.qcow2.arrow', 'c.arrow']);
  });

  test('have the name that the user gives for a single image', async () => {
    expect(await names(['a.img'], at('mine.arrow'))).toEqual([at('mine.arrow')]);
  });

  test('must have their extension, so that they do not overwrite disk images', async () => {
    await expect(names(['a.img'], at('image.raw'))).rejects.toThrow(
      /expected a name that ends in \.arrow or \.parquet, or a directory/,
    );
  });

  test('are written to an existing directory', async () => {
    expect(await names(['a.img'], at('folder'))).toEqual([at('folder/a.img.arrow')]);
  });

  test('are written to a new directory if its name ends with a slash', async () => {
    expect(await names(['a.img', 'b.img'], at('new/'))).toEqual([at('new/a.img.arrow'), at('new/b.img.arrow')]);
    expect(await planVectorFiles(['a.img'], at('new/'))).toMatchObject({ makesDirectory: true });
    expect(await planVectorFiles(['a.img'], at('folder'))).toMatchObject({ makesDirectory: false });
  });

  test('of several images are refused if the output is neither a directory nor a Parquet file', async () => {
    await expect(names(['a.img', 'b.img'], at('mine'))).rejects.toThrow(
      /expected a directory or a name that ends in \.parquet for 2 images; write .*\/ to/,
    );
  });

  test('of images with the same name are refused', async () => {
    await expect(names(['x/a.img', 'y/a.img'])).rejects.toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining('x/a.img and y/a.img would both be') }),
    );
  });
});
