import { chmod, lchown, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createAnalyzer } from '@virt-similarity/core';
import readers from '@virt-similarity/readers';
import { allowedTrees } from '#core/pipeline/allowed-trees.js';

const NOBODY = 65_534;
/** Only root can change the owner of a link. */
const asRoot = process.getuid?.() === 0 ? test : test.skip;

let directory: string;

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'allowed-')));
  await mkdir(join(directory, 'pool'));
  await writeFile(join(directory, 'pool', 'a.raw'), 'content');
  await symlink('pool', join(directory, 'own'));
  await symlink('pool', join(directory, 'foreign'));
});

afterEach(() => rm(directory, { recursive: true }));

describe('a directory that the user allows', () => {
  test('is resolved to a path without symbolic links, from a relative path or through a link of the user', async () => {
    const pool = join(directory, 'pool');
    const paths = [pool, `${pool}/`, join(directory, 'own'), `${directory}/own/.`, `${directory}/./pool`];
    expect(await allowedTrees(paths)).toEqual(paths.map(() => pool));
    expect(await allowedTrees(['.'])).toEqual([process.cwd()]);
  });

  test('need not be readable', async () => {
    await chmod(join(directory, 'pool'), 0o111);
    expect(await allowedTrees([join(directory, 'pool')])).toEqual([join(directory, 'pool')]);
  });

  asRoot('is refused if it is a link of another user, who could redirect it', async () => {
    await lchown(join(directory, 'foreign'), NOBODY, NOBODY);
    for (const path of ['foreign', 'foreign/', 'foreign/.']) {
      await expect(allowedTrees([`${directory}/${path}`])).rejects.toMatchObject({
        code: 'refused',
        message: expect.stringContaining(
          'it is a symbolic link that belongs to another user; name the directory itself',
        ),
      });
    }
  });

  asRoot('is refused if a link of the user leads to a link of another user', async () => {
    await lchown(join(directory, 'foreign'), NOBODY, NOBODY);
    await symlink(join(directory, 'foreign'), join(directory, 'absolute'));
    await symlink('foreign', join(directory, 'relative'));
    for (const name of ['absolute', 'relative']) {
      await expect(allowedTrees([join(directory, name)])).rejects.toMatchObject({ code: 'refused' });
    }
  });

  test('is found through several links, but refused if they form a loop', async () => {
    await mkdir(join(directory, 'links'));
    await symlink('../own', join(directory, 'links', 'first'));
    await symlink('links/first/', join(directory, 'second'));
    await symlink('loop', join(directory, 'loop'));
    expect(await allowedTrees([join(directory, 'second')])).toEqual([join(directory, 'pool')]);
    await expect(allowedTrees([join(directory, 'loop')])).rejects.toMatchObject({
      message: expect.stringContaining('loop of symbolic links'),
    });
  });

  test.each([
    ['none', 'no such directory'],
    ['pool/a.raw', 'not a directory'],
  ])('with the path %s is a usage error', async (path, problem) => {
    await expect(allowedTrees([join(directory, path)])).rejects.toMatchObject({
      code: 'usage',
      message: `\`allowBacking\` ${directory}/${path}: ${problem}; name the directory of the backing files`,
    });
  });
});

describe('the directory of a named image', () => {
  const analyzer = createAnalyzer({ plugins: [readers] });

  test('is allowed, even through a link of the user', async () => {
    for (const name of ['pool', 'own']) {
      const { directories } = await analyzer.findImages([join(directory, name, 'a.raw')]);
      expect(directories).toEqual([join(directory, 'pool')]);
    }
  });

  asRoot('is not allowed through a link of another user, but the image is read', async () => {
    await lchown(join(directory, 'foreign'), NOBODY, NOBODY);
    for (const word of [join(directory, 'foreign', 'a.raw'), join(directory, 'foreign')]) {
      const { directories, sources } = await analyzer.findImages([word]);
      expect(directories).toEqual([]);
      expect(sources).toMatchObject([{ path: join(directory, 'foreign', 'a.raw') }]);
    }
  });
});
