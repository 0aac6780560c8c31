import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runTool } from '../fixtures/index.js';
import { Workplace } from './command.js';
import { rawImage } from './sample-images.js';

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.make();
  await workplace.write('system.raw', rawImage(1, 2, 3, 4, 5, 6, 7, 0, 0, 0));
  await workplace.write('copy.raw', rawImage(1, 2, 3, 4, 5, 6, 7, 0, 0, 0));
  await workplace.write('update.raw', rawImage(1, 2, 3, 4, 8, 8, 0, 0, 0, 0));
  await workplace.write('other.raw', rawImage(9, 9, 9));
  await workplace.write('new.raw', rawImage(1, 2, 3, 4, 5, 8, 7, 0, 11, 0));
});

afterAll(() => workplace.remove());

describe('virt-similarity search', () => {
  test('shows the share of an image that each template explains, and the share that none explains', async () => {
    const words = ['search', '-q', 'new.raw', 'other.raw', 'update.raw', 'copy.raw', 'system.raw'];
    expect(await workplace.run(...words)).toEqual({
      code: 0,
      stdout: [
        'TEMPLATE               ALONE   ADDS    USED',
        'copy.raw = system.raw  75.0 %  75.0 %  85.7 %',
        'update.raw             62.5 %  12.5 %  83.3 %',
        'none of them                   12.5 %',
        '',
      ].join('\n'),
      stderr: '',
    });
  });

  test('accepts hash vectors as templates, and writes JSON', async () => {
    await workplace.run('hash', '-q', 'system.raw', 'update.raw', '-o', 'vectors/');
    const { code, stdout } = await workplace.run('search', '-q', '-O', 'json', 'new.raw', 'vectors');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      image: 'new.raw',
      blockSize: 65_536,
      dataBlocks: 8,
      templates: [
        { paths: ['vectors/system.raw.arrow'], alone: 0.75, adds: 0.75, used: 6 / 7 },
        { paths: ['vectors/update.raw.arrow'], alone: 0.625, adds: 0.125, used: 5 / 6 },
      ],
      others: 0,
      own: 0.125,
    });
  });

  test('combines the templates beyond --limit in one line', async () => {
    const words = ['search', '-q', '--limit', '1', 'new.raw', 'update.raw', 'copy.raw', 'system.raw'];
    expect((await workplace.run(...words)).stdout).toBe(
      [
        'TEMPLATE               ALONE   ADDS    USED',
        'copy.raw = system.raw  75.0 %  75.0 %  85.7 %',
        '1 more                         12.5 %',
        'none of them                   12.5 %',
        '',
      ].join('\n'),
    );
  });

  test('reports templates that cannot be read, and searches the others', async () => {
    const { code, stdout, stderr } = await workplace.run('search', '-q', 'new.raw', 'absent.raw', 'system.raw');
    expect(code).toBe(3);
    expect(stderr).toMatch(/absent\.raw/);
    expect(stdout).toMatch(/^system\.raw +75\.0 %/m);
  });

  test('searches for one image, not for those of a directory', async () => {
    const { code, stderr } = await workplace.run('search', '-q', '.', 'new.raw');
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/expected the first name to be that of one image, found \d+ images? in \./),
    ]);
  });

  test('refuses a Parquet file of hash vectors, which is for other programs', async () => {
    await workplace.run('hash', '-q', 'system.raw', '-o', 'vectors.parquet');
    const { code, stderr } = await workplace.run('search', '-q', 'new.raw', 'vectors.parquet');
    expect([code, stderr]).toEqual([
      4,
      expect.stringMatching(/it is a Parquet file, not a disk image; write hash vectors as \.arrow files first/),
    ]);
  });

  test('needs an image and at least one template', async () => {
    expect(await workplace.run('search', '-q', 'new.raw')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('virt-similarity diff', () => {
  test('shows the ranges that differ', async () => {
    const { code, stdout, stderr } = await workplace.run('diff', 'system.raw', 'new.raw');
    expect(code).toBe(1);
    expect(stdout).toBe('START   LENGTH\n327680  64.0 KiB\n524288  64.0 KiB\n');
    expect(stderr).toMatch(
      /^128\.0 KiB differ, 384\.0 KiB are the same, 128\.0 KiB are zero in both, in blocks of 64\.0 KiB$/m,
    );
  });

  test('writes JSON and CSV', async () => {
    const json = await workplace.run('diff', '-q', '-O', 'json', 'system.raw', 'other.raw');
    expect(JSON.parse(json.stdout)).toEqual({
      images: [
        { path: 'system.raw', virtualSize: 655_360 },
        { path: 'other.raw', virtualSize: 196_608 },
      ],
      blockSize: 65_536,
      blocks: { equal: 0, different: 7, zero: 3 },
      different: [{ start: 0, length: 458_752 }],
    });
    const csv = await workplace.run('diff', '-q', '-O', 'csv', 'system.raw', 'new.raw');
    expect(csv.stdout).toBe('start,length\n327680,65536\n524288,65536\n');
  });

  test.each([
    ['system.raw', 'copy.raw'],
    ['system.raw', 'update.raw'],
    ['other.raw', 'new.raw'],
  ])('agrees with qemu-img compare about %s and %s', async (one, other) => {
    const paths = [workplace.path(one), workplace.path(other)];
    const expected = await runTool('qemu-img', ['compare', '-q', '-f', 'raw', '-F', 'raw', ...paths]).then(
      () => 0,
      ({ code }: { code: number }) => code,
    );
    expect((await workplace.run('diff', '-q', one, other)).code).toBe(expected);
  });

  test('exits with more than 1 if an image cannot be read, or if not exactly two images are named', async () => {
    expect((await workplace.run('diff', '-q', 'system.raw', 'absent.raw')).code).toBe(5);
    expect((await workplace.run('diff', '-q', 'system.raw')).code).toBe(2);
    expect((await workplace.run('diff', '-q', 'system.raw', 'copy.raw', 'new.raw')).code).toBe(2);
  });
});
