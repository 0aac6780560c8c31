import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { VirtSimilarityError } from '@virt-similarity/core';
import { inspect } from '#readers/inspection/inspect.js';
import { fileWith, qcow2File } from './headers.js';
import { vpcFooter } from './sound-headers.js';

let directory: string;

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-remedies-')));
});

afterEach(() => rm(directory, { recursive: true }));

async function write(name: string, content = fileWith(70_000, {})): Promise<string> {
  const path = join(directory, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

/** Writes an overlay on a file with this name. */
function overlay(backing: string): Promise<string> {
  return write('images/top.qcow2', qcow2File({ backing, backingFormat: 'raw' }));
}

async function refusalOf(path: string, allowedTrees: readonly string[]): Promise<VirtSimilarityError> {
  const options = { allowedDirectories: [join(directory, 'images')], allowedTrees };
  return (await inspect({ path }, options).catch((thrown: unknown) => thrown)) as VirtSimilarityError;
}

/** Follows the remedy of a refusal, and returns the allowed directories. */
async function followRemedies(path: string): Promise<readonly string[]> {
  const { message, code, remedy } = await refusalOf(path, []);
  expect(code).toBe('refused');
  expect(message).toMatch(/; if you know that the files belong together, pass `allowBacking: \[ .* \]`$/);
  expect(remedy).toEqual([{ option: 'allowBacking', value: expect.any(Array) }]);
  const trees = remedy[0]?.value as readonly string[];
  const options = { allowedDirectories: [join(directory, 'images')], allowedTrees: trees };
  expect((await inspect({ path }, options)).backing?.format).toBe('raw');
  return trees;
}

describe('following the remedy of a refusal works if the backing file', () => {
  test('is in another directory', async () => {
    await write('store/base.img');
    expect(await followRemedies(await overlay('../store/base.img'))).toEqual([join(directory, 'store')]);
  });

  test('is below the directory of the image', async () => {
    await write('images/below/base.img');
    expect(await followRemedies(await overlay('below/base.img'))).toEqual([join(directory, 'images/below')]);
  });

  test.each(['.base.img', '.ssh/id_ed25519'])('is hidden: %s', async (name) => {
    await write(`images/${name}`);
    const trees = await followRemedies(await overlay(name));
    expect(trees).toEqual([dirname(join(directory, 'images', name))]);
  });

  test('is a link into another directory', async () => {
    await write('store/base.img');
    await write('images/other.img');
    await symlink('../store/base.img', join(directory, 'images/base.img'));
    expect(await followRemedies(await overlay('base.img'))).toEqual([join(directory, 'store')]);
  });

  test('is a link in another directory to a file in a third directory', async () => {
    await write('store/base.img');
    await mkdir(join(directory, 'pool'));
    await symlink('../store/base.img', join(directory, 'pool/base.img'));
    const trees = await followRemedies(await overlay('../pool/base.img'));
    expect(trees).toEqual([join(directory, 'pool'), join(directory, 'store')]);
  });

  test('is a link within the directory', async () => {
    await symlink(await write('images/base-1.img'), join(directory, 'images/base.img'));
    expect(await followRemedies(await overlay('base.img'))).toEqual([join(directory, 'images')]);
  });

  test.each(['a $(touch x) b', 'quo"te', "apo'strophe", '`touch x`', 'back\\slash', 'ümlaut', 'line\nbreak', '$HOME!'])(
    'is in a directory named %j',
    async (name) => {
      await write(`${name}/base.img`);
      expect(await followRemedies(await overlay(`../${name}/base.img`))).toEqual([join(directory, name)]);
      const { message } = await refusalOf(join(directory, 'images/top.qcow2'), []);
      expect(message).toMatch(/^[^\n]*$/);
    },
  );
});

describe('no useless remedy is proposed if the backing file', () => {
  test.each([
    ['is a dangling link', (path: string) => symlink('nowhere', path), /there is no such file/],
    ['is a loop of links', (path: string) => symlink(path, path), /loop of symbolic links/],
    ['is a link to a directory', (path: string) => symlink('.', path), /it is a directory/],
    ['is a character device', (path: string) => symlink('/dev/zero', path), /it is a character device/],
    ['is a FIFO', async (path: string) => void execFileSync('mkfifo', [path]), /it is a FIFO/],
  ])('%s', async (_, make, message) => {
    const path = await overlay('base.img');
    await make(join(directory, 'images/base.img'));
    const error = await refusalOf(path, [directory]);
    expect(error.message).toMatch(message);
    expect(error.remedy).toEqual([]);
    expect((await refusalOf(path, [])).message).toBe(error.message);
  });
});

test('names in the header of a linked file are relative to the link', async () => {
  await write('store/middle.qcow2', qcow2File({ backing: 'base.img', backingFormat: 'raw' }));
  await write('images/base.img');
  await symlink('../store/middle.qcow2', join(directory, 'images/middle.qcow2'));
  const path = await write('images/top.qcow2', qcow2File({ backing: 'middle.qcow2', backingFormat: 'qcow2' }));
  const options = { allowedDirectories: [join(directory, 'images')], allowedTrees: [join(directory, 'store')] };
  const image = await inspect({ path }, options);
  expect(image.backing?.file.path).toBe(join(directory, 'store/middle.qcow2'));
  expect(image.backing?.backing?.file.path).toBe(join(directory, 'images/base.img'));
});

test('a file in the root directory is found', async () => {
  const { code, message } = await refusalOf(await overlay('/proc'), []);
  expect([code, message]).toEqual(['refused', expect.stringContaining('it is a directory')]);
});

test('the root directory allows all files as a tree, but only its own entries as a directory', async () => {
  const path = await overlay('/proc/version');
  await expect(inspect({ path }, { allowedDirectories: ['/'] })).rejects.toMatchObject({ code: 'refused' });
  const image = await inspect({ path }, { allowedDirectories: [], allowedTrees: ['/'] });
  expect(image.backing?.file.path).toBe('/proc/version');
});

test.each([
  ['is encrypted', 'qcow2', qcow2File({ encryption: 1 })],
  ['is a fixed VHD with two footers', 'vpc', fileWith(2048, { 0: vpcFooter(2), 1536: vpcFooter(2) })],
])(
  'the refusal of a disk that %s proposes the format raw in place of the format that is given',
  async (_, format, content) => {
    const base = await write('images/base.img', content);
    const options = { allowedDirectories: [dirname(base)] };
    const ending = 'to compare its bytes as they are$';
    await expect(inspect({ path: base, format }, options)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(`, or name it as \`{ path: '${base}', format: 'raw' }\` ${ending}`),
    });
    const top = await write('images/top.qcow2', qcow2File({ backing: 'base.img', backingFormat: format }));
    await expect(inspect({ path: top }, options)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(`with qemu-img rebase -u -F raw -b 'base.img' '${top}' ${ending}`),
    });
  },
);
