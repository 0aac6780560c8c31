import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { deterministicBytes, runTool } from '../fixtures/index.js';
import { Workplace } from './command.js';
import { rawImage } from './sample-images.js';

const MIB = 2 ** 20;

let workplace: Workplace;

interface Stats {
  readonly images: readonly {
    readonly path: string;
    readonly data: number;
    readonly stored?: number;
    readonly reclaimable?: Freed;
    readonly attributed?: number;
    readonly neededBy: readonly string[];
  }[];
  readonly stored: number;
  readonly content: { readonly blocks: number; readonly distinct: number };
  readonly stores: readonly { readonly name: string; readonly blockSize: number; readonly bytes: number }[];
  readonly freed?: Freed;
}

interface Freed {
  readonly atLeast: number;
  readonly atMost: number;
}

const exactly = (bytes: number): Freed => ({ atLeast: bytes, atMost: bytes });

async function statsOf(...words: readonly string[]): Promise<Stats> {
  const { code, stdout, stderr } = await workplace.run('stats', '-q', '--no-cache', '-O', 'json', ...words);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** Returns the bytes that `du` counts for all files of a directory. */
async function diskUsage(directory: string): Promise<number> {
  return Number((await runTool('du', ['-s', '-B1', directory])).stdout.split('\t')[0]);
}

beforeAll(async () => {
  workplace = await Workplace.make();
});

afterAll(() => workplace.remove());

describe('virt-similarity stats', () => {
  beforeEach(() => mkdir(workplace.path('images')));
  afterEach(() => rm(workplace.path('images'), { recursive: true }));

  test('prints the space of images, the blocks by how often they occur, and what stores would need', async () => {
    await workplace.write('images/a.raw', rawImage(1, 2, 3, 3));
    await workplace.write('images/b.raw', rawImage(1, 2, 4, 0));
    const { code, stdout, stderr } = await workplace.run('stats', '--no-cache', 'images/a.raw', 'images/b.raw');
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'IMAGE         SIZE       DATA       STORED     RECLAIMABLE  ATTRIBUTED  NEEDED BY',
      expect.stringMatching(/^images\/a\.raw {2}256\.0 KiB {2}256\.0 KiB {2}256\.0 KiB {2}256\.0 KiB +256\.0 KiB$/),
      expect.stringMatching(/^images\/b\.raw {2}256\.0 KiB {2}192\.0 KiB /),
      expect.stringMatching(/^total /),
      '',
      'REFCNT  ALLOCATED  LSIZE      REFERENCED  LSIZE',
      '1       1          64.0 KiB   1           64.0 KiB',
      '2       3          192.0 KiB  6           384.0 KiB',
      'total   4          256.0 KiB  7           448.0 KiB',
      '',
      expect.stringMatching(/^STORE +BLOCK +WOULD NEED +INDEX$/),
      expect.stringMatching(/^btrfs or XFS with duperemove +128\.0 KiB +384\.0 KiB/),
      expect.stringMatching(/^ZFS, recordsize 128K +128\.0 KiB +384\.0 KiB/),
      expect.stringMatching(/^Proxmox Backup, 4M chunks +4\.0 MiB +8\.0 MiB/),
      '',
    ]);
    expect(stderr).toMatch(/^blocks of 64\.0 KiB: dedup = 1\.75$/m);
  });

  test('shows what du shows after deleting, for single images and sets, with chains', async () => {
    const path = (name: string) => workplace.path(`images/${name}`);
    await writeFile(path('base.raw'), deterministicBytes('base', 4 * MIB));
    for (const name of ['one', 'two']) {
      await runTool('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', 'base.raw', '-F', 'raw', path(`${name}.qcow2`)]);
      await runTool('qemu-io', ['-f', 'qcow2', '-c', 'write -P 7 1M 1M', path(`${name}.qcow2`)]);
    }
    await writeFile(path('other.raw'), deterministicBytes('other', 3 * MIB));
    const names = ['base.raw', 'one.qcow2', 'two.qcow2', 'other.raw'].map((name) => `images/${name}`);
    const before = await statsOf('--format', 'raw', names[0]!, '--format', 'auto', ...names.slice(1));
    const used = await diskUsage(workplace.path('images'));
    const { neededBy, reclaimable } = before.images[0]!;
    expect(neededBy).toEqual([names[1], names[2]]);
    expect(reclaimable).toEqual(exactly(4 * MIB));
    const attributed = before.images.map((image) => image.attributed!);
    expect(attributed.reduce((sum, bytes) => sum + bytes)).toBe(before.stored);
    expect(Math.abs(attributed[1]! - (4 * MIB) / 3 - before.images[1]!.stored!)).toBeLessThanOrEqual(1);

    const deleted = ['one.qcow2', 'other.raw'];
    const words = deleted.flatMap((name) => ['--delete', `images/${name}`]);
    const { freed } = await statsOf(...words, '--format', 'raw', names[0]!, '--format', 'auto', ...names.slice(1));
    for (const name of deleted) {
      await rm(path(name));
    }
    expect(exactly(used - (await diskUsage(workplace.path('images'))))).toEqual(freed);
  });

  test('frees a file with its last name, and counts an image and its hash vector once', async () => {
    const path = (name: string) => workplace.path(`images/${name}`);
    await workplace.write('images/a.raw', rawImage(1, 2, 3));
    await runTool('ln', [path('a.raw'), path('b.raw')]);
    await workplace.run('hash', '-q', '--no-cache', '-o', 'images/a.raw.arrow', 'images/a.raw');
    const names = ['images/a.raw', 'images/b.raw', 'images/a.raw.arrow'];
    const one = await statsOf('--delete', 'images/a.raw', ...names);
    expect(one.images.map((image) => image.path)).toEqual(['images/a.raw', 'images/b.raw']);
    expect(one).toMatchObject({ freed: exactly(0), content: { blocks: 3 } });
    const both = await statsOf('--delete', 'images/a.raw', '--delete', 'images/b.raw', ...names);
    expect(both.freed).toEqual(exactly(3 * 65_536));
  });

  test('does not apply a hash vector of an earlier content to the present file', async () => {
    await workplace.write('images/a.raw', rawImage(1, 2, 3));
    await workplace.run('hash', '-q', '--no-cache', '-o', 'images/a.raw.arrow', 'images/a.raw');
    await workplace.write('images/a.raw', rawImage(1, 2, 3, 4, 5));
    const { code, stderr } = await workplace.run('stats', '-q', 'images/a.raw.arrow');
    expect(code).toBe(3);
    expect(stderr).toMatch(/what deleting .*a\.raw frees is not known: it was replaced or changed after it was hashed/);
  });

  test('warns if a deleted image is a backing file of others', async () => {
    const path = (name: string) => workplace.path(`images/${name}`);
    await writeFile(path('base.raw'), deterministicBytes('base', MIB));
    await runTool('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', 'base.raw', '-F', 'raw', path('top.qcow2')]);
    const words = ['stats', '--no-cache', '--delete', 'images/base.raw', '--format', 'raw', 'images/base.raw'];
    const { code, stderr } = await workplace.run(...words, '--format', 'auto', 'images/top.qcow2');
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /images\/base\.raw is a backing file of images\/top\.qcow2, which cannot be read without it/,
    );
    expect(stderr).toMatch(/deleting this image frees 1\.0 MiB/);
    const unknown = await workplace.run('stats', '-q', '--delete', 'images/none.raw', 'images/top.qcow2');
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringMatching(/--delete images\/none\.raw: it is not/) });
  });

  test('counts only the content of hash vectors whose images are gone', async () => {
    await workplace.write('images/a.raw', rawImage(1, 2, 2));
    await workplace.run('hash', '-q', '--no-cache', '-o', 'images/a.arrow', 'images/a.raw');
    await rm(workplace.path('images/a.raw'));
    const { code, stdout, stderr } = await workplace.run('stats', '-q', '-O', 'json', 'images/a.arrow');
    expect(code).toBe(3);
    expect(stderr).toMatch(/what deleting .*a\.raw frees is not known: its status cannot be read \(ENOENT\)/);
    expect(JSON.parse(stdout)).toMatchObject({ stored: 0, content: { blocks: 3, distinct: 2 } });
  });
});

const isRoot = process.getuid?.() === 0;
if (!isRoot) {
  console.warn('skipped: tests of files that share storage need root to mount file systems');
}

(isRoot ? describe : describe.skip).each([
  ['btrfs', 'mkfs.btrfs', []],
  ['XFS', 'mkfs.xfs', ['-m', 'reflink=1']],
])('virt-similarity stats on %s', (_, program, options) => {
  let mounted: string;

  beforeAll(async () => {
    const disk = workplace.path(`${program}.disk`);
    mounted = workplace.path(`${program}.mounted`);
    await mkdir(mounted);
    await runTool('truncate', ['-s', '400M', disk]);
    await runTool(program, ['-q', ...options, disk]);
    await runTool('mount', ['-o', 'loop', disk, mounted]);
  });

  afterAll(async () => {
    await runTool('umount', [mounted]);
  });

  async function freeBytes(): Promise<number> {
    await runTool('sync', ['-f', mounted]);
    if (program === 'mkfs.btrfs') {
      await runTool('btrfs', ['filesystem', 'sync', mounted]);
      await runTool('btrfs', ['subvolume', 'sync', mounted]);
    }
    const { bfree, bsize } = await statfs(mounted);
    return bfree * bsize;
  }

  test('shows within 1 % what deleting frees, where files share storage', async () => {
    await writeFile(`${mounted}/golden.raw`, deterministicBytes('golden', 64 * MIB));
    for (const name of ['one', 'two', 'hidden']) {
      await runTool('cp', ['--reflink=always', `${mounted}/golden.raw`, `${mounted}/${name}.raw`]);
    }
    for (const [name, size] of [
      ['one', 8],
      ['two', 24],
    ] as const) {
      await writeFile(`${mounted}/own`, deterministicBytes(name, size * MIB));
      await runTool('dd', [`if=${mounted}/own`, `of=${mounted}/${name}.raw`, 'bs=1M', 'conv=notrunc', 'status=none']);
      await rm(`${mounted}/own`);
    }
    await runTool('cp', ['--reflink=never', `${mounted}/one.raw`, `${mounted}/copy.raw`]);
    await runTool('sync', ['-f', mounted]);
    const names = ['golden', 'one', 'two', 'copy'].map((name) => `${mounted}/${name}.raw`);
    const single = await statsOf('--format', 'raw', ...names);
    // A file that is not named shares all of its storage.
    expect(single.images[0]!.reclaimable).toEqual(exactly(0));
    expect(single.images[1]!.reclaimable).toEqual(exactly(8 * MIB));
    expect(single.images[1]!.stored).toBe(64 * MIB);
    const attributed = single.images.reduce((sum, image) => sum + image.attributed!, 0);
    expect(attributed).toBe(single.stored);

    const before = await freeBytes();
    const { freed } = await statsOf('--delete', names[1]!, '--delete', names[2]!, '--format', 'raw', ...names);
    expect(freed).toEqual(exactly(32 * MIB));
    await rm(names[1]!);
    await rm(names[2]!);
    expect(Math.abs((await freeBytes()) - before - 32 * MIB)).toBeLessThan(0.01 * 32 * MIB);
  });

  test('shows a range if a file that is not named may keep the storage of all deleted images', async () => {
    await writeFile(`${mounted}/a.raw`, deterministicBytes('shared', 4 * MIB));
    await runTool('cp', ['--reflink=always', `${mounted}/a.raw`, `${mounted}/b.raw`]);
    const words = ['--delete', `${mounted}/a.raw`, '--delete', `${mounted}/b.raw`, '--format', 'raw'];
    const { freed, stored } = await statsOf(...words, `${mounted}/a.raw`, `${mounted}/b.raw`);
    expect({ freed, stored }).toEqual({ freed: { atLeast: 0, atMost: 4 * MIB }, stored: 4 * MIB });
  });

  test('recognises that subvolumes share storage', async () => {
    if (program !== 'mkfs.btrfs') {
      return;
    }
    await runTool('btrfs', ['subvolume', 'create', `${mounted}/s1`]);
    await writeFile(`${mounted}/s1/a.raw`, deterministicBytes('subvolume', 4 * MIB));
    await runTool('sync', ['-f', mounted]);
    await runTool('btrfs', ['subvolume', 'snapshot', `${mounted}/s1`, `${mounted}/s2`]);
    const { stored, images } = await statsOf('--format', 'raw', `${mounted}/s1/a.raw`, `${mounted}/s2/a.raw`);
    expect({ stored, attributed: images.map(({ attributed }) => attributed) }).toEqual({
      stored: 4 * MIB,
      attributed: [2 * MIB, 2 * MIB],
    });
  });
});
