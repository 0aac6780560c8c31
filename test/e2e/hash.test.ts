import { copyFile, mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openHashVector } from '@virt-similarity/core';
import { Workplace } from './command.js';
import { FAMILY, FAMILY_TREE, writeFamily } from './sample-images.js';

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.make();
  await writeFamily(workplace);
});

afterAll(() => workplace.remove());

describe('virt-similarity hash', () => {
  test('writes vectors that result in the same tree as the images', async () => {
    const hashed = await workplace.run('hash', '-q', '--no-cache', '-o', 'vectors/', ...FAMILY);
    expect(hashed).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await readdir(workplace.path('vectors'))).sort()).toEqual(FAMILY.map((name) => `${name}.arrow`));
    const { code, stdout } = await workplace.run('-q', '--no-cache', 'vectors');
    expect(code).toBe(0);
    expect(stdout).toBe(FAMILY_TREE);
  });

  test('writes vectors whose analysis needs neither --block-size nor --hash, and refuses another size', async () => {
    await workplace.run('hash', '-q', '--no-cache', '--block-size', '512', '--hash', 'md5', '-o', 'small/', ...FAMILY);
    const { code, stdout } = await workplace.run('-q', '-O', 'json', '--no-cache', 'small');
    expect(code).toBe(0);
    expect(JSON.parse(stdout).parameters).toMatchObject({ algorithm: 'md5', blockSize: 512 });
    const stated = await workplace.run('--block-size', '64K', '--no-cache', 'small');
    expect(stated.code).toBe(2);
    expect(stated.stderr).toBe(
      'virt-similarity: error: --block-size 65536 does not fit the hash vectors: found md5 digests of 512-byte blocks in ' +
        'small/base.raw.arrow, small/clone.raw.arrow, small/other.raw.arrow; pass --block-size 512, or hash their images again\n',
    );
  });

  test('writes one vector to the named file, by default to the working directory', async () => {
    expect((await workplace.run('hash', '--no-cache', '--hash', 'md5', 'base.raw', '-o', 'mine.arrow')).code).toBe(0);
    const { code, stderr } = await workplace.run('hash', '--no-cache', 'base.raw');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^wrote base\.raw\.arrow$/m);
    expect(await readdir(workplace.directory)).toEqual(expect.arrayContaining(['mine.arrow', 'base.raw.arrow']));
  });

  test('uses --format to read vectors with other names, and disks named like vectors', async () => {
    await workplace.run('hash', '-q', '--no-cache', 'base.raw', '-o', 'stated.arrow');
    await rename(workplace.path('stated.arrow'), workplace.path('stated.vector'));
    await copyFile(workplace.path('clone.raw'), workplace.path('disk.arrow'));
    const words = [
      '--format',
      'arrow',
      'stated.vector',
      '--format',
      'raw',
      'disk.arrow',
      '--format',
      'auto',
      'base.raw',
    ];
    const { code, stdout } = await workplace.run('-q', '--no-cache', '-O', 'json', ...words);
    expect(code).toBe(0);
    const { images, distances } = JSON.parse(stdout) as { images: { path: string }[]; distances: number[] };
    expect(images.map(({ path }) => path)).toEqual(['stated.vector', 'disk.arrow', 'base.raw']);
    expect(distances).toEqual([1, 0, 1]);
  });

  test('writes the vectors of good images although others fail', async () => {
    const { code, stderr } = await workplace.run('hash', '-q', '--no-cache', '-o', 'good/', 'base.raw', 'missing.raw');
    expect(code).toBe(3);
    expect(stderr).toMatch(/^virt-similarity: error: .*missing\.raw.*\n$/);
    expect(await readdir(workplace.path('good'))).toEqual(['base.raw.arrow']);
  });

  test('omits the identity and the directory if --anonymous is given, and refuses equal names', async () => {
    const path = workplace.path('base.raw');
    expect((await workplace.run('hash', '-q', '--no-cache', '--anonymous', '-o', 'anonymous/', path)).code).toBe(0);
    const file = workplace.path('anonymous/base.raw.arrow');
    const vector = await openHashVector(file);
    expect(vector.identity).toBeUndefined();
    expect(vector.name).toBe('base.raw');
    expect((await readFile(file)).includes(workplace.directory)).toBe(false);
    await mkdir(workplace.path('other'));
    await copyFile(path, workplace.path('other/base.raw'));
    const twice = await workplace.run(
      'hash',
      '--no-cache',
      '--anonymous',
      '-o',
      'x.parquet',
      'base.raw',
      'other/base.raw',
    );
    expect(twice).toMatchObject({ code: 2, stdout: '' });
    expect(twice.stderr).toMatch(
      /--anonymous: base\.raw and other\/base\.raw would both be named base\.raw; hash them/,
    );
  });

  test('refuses --hex without a Parquet file', async () => {
    const { code, stderr } = await workplace.run('hash', '--hex', 'base.raw');
    expect(code).toBe(2);
    expect(stderr).toContain('--hex needs a Parquet file; write -o FILE.parquet, or omit --hex');
  });

  test('exits with the code of the failure if all images fail', async () => {
    expect((await workplace.run('hash', '--no-cache', 'missing.raw')).code).toBe(5);
  });
});

describe('virt-similarity', () => {
  test('prints its help', async () => {
    const { code, stdout, stderr } = await workplace.run('--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const option of ['--add', '--format', '--metric', '--linkage', '--output', '--heights', '--dialect']) {
      expect(stdout).toContain(option);
    }
    expect((await workplace.run('help')).stdout).toBe(stdout);
    expect((await workplace.run('hash', '--help')).stdout).toMatch(/^Usage: virt-similarity hash \[options\] IMAGE…/);
  });

  test('prints its version', async () => {
    const { code, stdout, stderr } = await workplace.run('--version');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('reports which tools are installed', async () => {
    const { code, stdout, stderr } = await workplace.run('doctor');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^node +${process.versions.node} `, 'm'));
    expect(stdout).toMatch(/^raw +yes /m);
  });
});
