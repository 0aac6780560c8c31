import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { deterministicBytes, overlay, runTool } from '../fixtures/index.js';
import { Workplace } from './command.js';

const BLOCK = 65_536;
const DISK_BLOCKS = 256;

let workplace: Workplace;

/**
 * Returns a disk of a family: 120 blocks that the family has in common, then zeros. The blocks with the numbers in
 * `changed` have content that only this disk has.
 */
function diskOf(familyName: string, own: string, changed: readonly number[]): Uint8Array {
  const disk = new Uint8Array(DISK_BLOCKS * BLOCK);
  disk.set(deterministicBytes(familyName, 120 * BLOCK));
  for (const block of changed) {
    disk.set(deterministicBytes(`${own} ${block}`, BLOCK), block * BLOCK);
  }
  return disk;
}

const IMAGES = ['web-1.raw', 'web-2.raw', 'web-3.raw', 'db-1.raw', 'db-2.raw', 'other.raw', 'chain.raw', 'chain.qcow2'];

beforeAll(async () => {
  workplace = await Workplace.make();
  await workplace.write('web-1.raw', diskOf('web', 'web-1', []));
  await workplace.write('web-2.raw', diskOf('web', 'web-2', [3, 4, 5, 200]));
  await workplace.write('web-3.raw', diskOf('web', 'web-3', [3, 90, 91, 201]));
  await workplace.write('db-1.raw', diskOf('db', 'db-1', [1, 2, 3, 4]));
  await workplace.write('db-2.raw', diskOf('db', 'db-2', [5, 6, 7, 8, 130]));
  await workplace.write('other.raw', diskOf('other', 'other', []));
  await workplace.write('chain.raw', diskOf('chain', 'chain', []));
  await overlay(workplace.path('chain.raw'), workplace.path('chain.qcow2'), 'raw');
  // Replaces zeros with holes, as in most images.
  for (const name of IMAGES.filter((each) => each.endsWith('.raw'))) {
    await runTool('fallocate', ['--dig-holes', workplace.path(name)]);
  }
});

afterAll(() => workplace.remove());

async function contentOf(name: string): Promise<string> {
  const raw = workplace.path('content.raw');
  await runTool('qemu-img', ['convert', '-O', 'raw', workplace.path(name), raw]);
  return createHash('sha256')
    .update(await readFile(raw))
    .digest('hex');
}

async function occupied(name: string): Promise<number> {
  return (await stat(workplace.path(name))).blocks * 512;
}

interface PlanJson {
  readonly bases: string;
  readonly bytesNow: number;
  readonly bytesPlanned: number;
  readonly images: readonly { path: string; base: unknown; bytes: number; isFixed: boolean; isWritten: boolean }[];
  readonly newBases: readonly { bytes: number; runs: readonly (readonly number[])[] }[];
}

async function planOf(...words: readonly string[]): Promise<PlanJson> {
  const { code, stdout, stderr } = await workplace.run('plan', '-q', '-O', 'json', ...words);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as PlanJson;
}

describe('virt-similarity plan', () => {
  test('counts the space that images occupy, each file once', async () => {
    const { bytesNow } = await planOf(...IMAGES);
    const sizes = await Promise.all(IMAGES.map(occupied));
    expect(bytesNow).toBe(sizes.reduce((sum, size) => sum + size));
  });

  test('includes backing files that are not named, and leaves chains as they are', async () => {
    const { images } = await planOf('web-1.raw', 'web-2.raw', 'chain.qcow2');
    expect(images.map(({ path }) => path.split('/').at(-1))).toEqual([
      'web-1.raw',
      'web-2.raw',
      'chain.qcow2',
      'chain.raw',
    ]);
    expect(images.slice(2)).toMatchObject([
      { base: { image: 3 }, isWritten: false, isFixed: false },
      { base: null, isWritten: false, isFixed: true },
    ]);
  });

  test('shows a tree with sizes, and the space that it saves', async () => {
    const { code, stdout, stderr } = await workplace.run('plan', '--bases', 'existing', ...IMAGES);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^IMAGE +NOW +PLANNED +CHANGE$/m);
    expect(stdout).toMatch(/^web-1\.raw +7\.5 MiB .* becomes a base, its machine continues in an empty overlay$/m);
    expect(stdout).toMatch(/^ {2}web-2\.raw +7\.6 MiB +\d+\.\d KiB +new overlay$/m);
    expect(stdout).toMatch(/^other\.raw +7\.5 MiB +7\.5 MiB$/m);
    expect(stdout).toMatch(/^ {2}chain\.qcow2 +196\.0 KiB +196\.0 KiB$/m);
    expect(stderr).toMatch(
      /^saves \d+\.\d MiB \(\d+ %\), writes \d+\.\d MiB; no plan with existing bases saves more than /m,
    );
  });

  test('plans new bases, and by default chooses the bases that need the least space', async () => {
    const planned = await planOf('--bases', 'synthetic', ...IMAGES);
    expect(planned.newBases.length).toBeGreaterThan(0);
    expect(planned.bytesPlanned).toBeLessThan(planned.bytesNow);
    const existing = await planOf('--bases', 'existing', ...IMAGES);
    const best = await planOf(...IMAGES);
    expect(best.bytesPlanned).toBe(Math.min(planned.bytesPlanned, existing.bytesPlanned));
  });

  test('refuses commands for bases that qemu-img cannot write', async () => {
    const { code, stdout, stderr } = await workplace.run(
      'plan',
      '--bases',
      'synthetic',
      '-q',
      '-O',
      'shell',
      ...IMAGES,
    );
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/qemu-img cannot write the new bases of this plan; plan with existing bases/);
  });

  test('refuses to keep an image that is not in the plan, and to plan for one image', async () => {
    const { code, stderr } = await workplace.run('plan', '--keep', 'absent.raw', ...IMAGES);
    expect(code).toBe(2);
    expect(stderr).toMatch(/absent\.raw is not among the images of the plan; name it as an image too/);
    expect((await workplace.run('plan', 'web-1.raw')).stderr).toMatch(
      /expected at least two images to plan for, found 1/,
    );
  });

  test('writes commands that change no content, and predicts the space of the files within 3 %', async () => {
    const before: string[] = [];
    for (const name of IMAGES) {
      before.push(await contentOf(name));
    }
    const planned = await planOf('--bases', 'existing', ...IMAGES);
    const { stdout } = await workplace.run('plan', '-q', '--bases', 'existing', '-O', 'shell', ...IMAGES);
    await workplace.write('plan.sh', stdout);
    await promisify(execFile)('sh', [workplace.path('plan.sh')], { cwd: workplace.directory });
    const after: string[] = [];
    for (const name of IMAGES) {
      after.push(await contentOf(name));
    }
    expect(after).toEqual(before);
    const bases = ['web-1.raw.base', 'db-1.raw.base'];
    const sizes = await Promise.all([...IMAGES, ...bases].map(occupied));
    const needed = sizes.reduce((sum, size) => sum + size);
    expect(Math.abs(needed - planned.bytesPlanned) / needed).toBeLessThan(0.03);
  });
});
