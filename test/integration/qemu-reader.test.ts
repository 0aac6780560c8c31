import { createHash } from 'node:crypto';
import {
  appendFile,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { baseOf, type DiskImage, type DiskSource, formatsOf } from '@virt-similarity/core';
import { QemuReader } from '@virt-similarity/readers';
import { diskReaderContract } from '@virt-similarity/testing';
import { COMPRESSED_AND_ZERO, writeGrainBomb, writeSharedL2 } from '../faults/inputs/extent-bombs.js';
import { chunkPlace, dmgImage, withChunkTable } from '../fixtures/dmg-image.js';
import { openImage } from '../fixtures/open-image.js';
import {
  contentByExtents,
  contentByReads,
  convertedContent,
  diskContent,
  extentsOf,
  fillWithNoise,
  makeImage,
  runTestTool,
  withDirectory,
} from './qemu-images.js';

const reader = new QemuReader();

async function withImage<T>(source: DiskSource, use: (image: DiskImage) => Promise<T>): Promise<T> {
  const image = await openImage(reader, source, { allowedDirectories: [join(source.path, '..')] });
  try {
    return await use(image);
  } finally {
    await image.close();
  }
}

/** Expects that reading by extents and reading directly both return the output of `qemu-img convert`. */
async function expectSameAsConverted(path: string, format: string): Promise<void> {
  const expected = await convertedContent(path, format);
  await withImage({ path, format }, async (image) => {
    expect(image.virtualSize).toBe(expected.length);
    expect(digest(await contentByExtents(image))).toBe(digest(expected));
    expect(digest(await contentByReads(image))).toBe(digest(expected));
  });
}

/** Tests compare digests, because a difference of megabytes is not a useful message. */
function digest(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

async function readAll({ path, format }: { path: string; format: string }): Promise<Buffer> {
  return await withImage({ path, format }, contentByExtents);
}

describe('an image reads like the output of qemu-img convert:', () => {
  test.each([
    ['raw', []],
    ['qcow2', []],
    ['qcow2', ['-c']],
    ['qcow2', ['-c', '-o', 'compression_type=zstd']],
    ['qcow2', ['-o', 'extended_l2=on,cluster_size=128k']],
    ['qcow2', ['-o', 'cluster_size=512']],
    ['qcow2', ['-o', 'cluster_size=2M']],
    ['qcow2', ['-o', 'compat=0.10']],
    ['qcow2', ['-o', 'lazy_refcounts=on']],
    ['qcow2', ['-o', 'preallocation=metadata']],
    ['qcow2', ['-o', 'preallocation=full']],
    ['qcow2', ['-S', '0']],
    ['qcow', []],
    ['vmdk', ['-o', 'subformat=monolithicSparse']],
    ['vmdk', ['-o', 'subformat=monolithicFlat']],
    ['vmdk', ['-o', 'subformat=streamOptimized']],
    ['vmdk', ['-o', 'subformat=twoGbMaxExtentSparse']],
    ['vmdk', ['-o', 'subformat=twoGbMaxExtentFlat']],
    ['vmdk', ['-o', 'zeroed_grain=on']],
    ['vdi', []],
    ['vdi', ['-o', 'static=on']],
    ['vhdx', []],
    ['vhdx', ['-o', 'subformat=fixed']],
    ['vhdx', ['-o', 'block_size=1M']],
    ['vpc', []],
    ['vpc', ['-o', 'subformat=fixed']],
    ['vpc', ['-o', 'force_size=on']],
    ['vpc', ['-o', 'subformat=fixed,force_size=on']],
    ['qed', []],
    ['qed', ['-o', 'cluster_size=4k']],
    ['parallels', []],
  ])('%s %j', async (format, convertArguments) => {
    await withDirectory(async (directory) => {
      const path = join(directory, `disk.${format}`);
      await makeImage(path, format, diskContent(), ...convertArguments);
      await expectSameAsConverted(path, format);
    });
  });

  test.each(['with,comma', 'with \'quotes"', 'with\nnewline', '-leading-dash', 'json:{"driver":"null-co"}', 'ü%s\\'])(
    'a file named %j',
    async (name) => {
      await withDirectory(async (directory) => {
        const path = join(directory, `${name}.qcow2`);
        const plain = join(directory, 'plain.qcow2');
        await makeImage(plain, 'qcow2', diskContent(), '-c');
        const expected = await convertedContent(plain, 'qcow2');
        await rename(plain, path);
        expect(digest(await readAll({ path, format: 'qcow2' }))).toBe(digest(expected));
      });
    },
  );

  test('an Apple disk image', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'disk.dmg');
      const content = diskContent();
      await writeFile(path, dmgImage(content));
      expect(digest(await convertedContent(path, 'dmg'))).toBe(digest(content));
      await expectSameAsConverted(path, 'dmg');
    });
  });

  test('a VMDK with extent files of 2 GiB', async () => {
    await withDirectory(async (directory) => {
      for (const subformat of ['twoGbMaxExtentFlat', 'twoGbMaxExtentSparse']) {
        const path = join(directory, `${subformat}.vmdk`);
        await runTestTool('qemu-img', 'create', '-q', '-f', 'vmdk', '-o', `subformat=${subformat}`, path, '5G');
        await runTestTool('qemu-io', '-f', 'vmdk', '-c', 'write -P 7 2047M 2M', path);
        await withImage({ path, format: 'vmdk' }, async (image) => {
          const data = (await extentsOf(image)).flatMap((extent) =>
            extent.kind === 'data' && extent.length >= 2 ** 20 ? [extent] : [],
          );
          expect(data.map(({ start, length, stored }) => [start, length, stored?.file])).toEqual([
            [2047 * 2 ** 20, 2 ** 20, 1],
            [2048 * 2 ** 20, 2 ** 20, 2],
          ]);
          const target = Buffer.alloc(2 ** 21 + 2);
          await image.read(target, 2047 * 2 ** 20 - 1);
          expect(digest(target)).toBe(digest(Buffer.concat([Buffer.of(0), Buffer.alloc(2 ** 21, 7), Buffer.of(0)])));
        });
      }
    });
  });
});

describe.each([
  ['raw', []],
  ['qcow2', ['-c']],
  ['vmdk', ['-o', 'subformat=twoGbMaxExtentSparse']],
  ['vmdk', ['-o', 'subformat=streamOptimized']],
] as const)('the contract of a disk reader, with %s %j', (format, convertArguments) => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'virt-similarity-test-'));
    await makeImage(join(directory, `disk.${format}`), format, diskContent(), ...convertArguments);
  });
  afterAll(() => rm(directory, { recursive: true }));

  const suite = diskReaderContract(async () => {
    const source = { path: join(directory, `disk.${format}`), format };
    return { reader, image: { source, options: { allowedDirectories: [directory] }, content: diskContent() } };
  });
  for (const { title, run } of suite) {
    test(title, run);
  }
});

describe('the contract of a disk reader, with an overlay on a compressed image', () => {
  const content = diskContent();
  let directory: string;
  beforeAll(async () => {
    directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-test-')));
    const base = join(directory, 'base.qcow2');
    const top = join(directory, 'top.qcow2');
    await makeImage(base, 'qcow2', content, '-c');
    await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', base, top);
    await runTestTool('qemu-io', '-f', 'qcow2', '-c', 'write -P 6 1100k 100k', top);
    content.fill(6, 1100 * 1024, 1200 * 1024);
  });
  afterAll(() => rm(directory, { recursive: true }));

  const suite = diskReaderContract(async () => {
    const source = { path: join(directory, 'top.qcow2'), format: 'qcow2' };
    return { reader, image: { source, options: { allowedDirectories: [directory] }, content } };
  });
  for (const { title, run } of suite) {
    test(title, run);
  }
});

describe('a chain of backing files', () => {
  test('reads like the output of qemu-img convert, each run from the layer that contains it', async () => {
    await withDirectory(async (directory) => {
      const base = join(directory, 'base, the "first".raw');
      const middle = join(directory, 'middle.qcow2');
      const top = join(directory, 'top.qcow2');
      const content = diskContent();
      await writeFile(base, content);
      await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', base, middle, '6M');
      await runTestTool('qemu-io', '-f', 'qcow2', '-c', 'write -P 5 1M 128k', '-c', 'write -z 0 64k', middle);
      await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', middle, top);
      await runTestTool('qemu-io', '-f', 'qcow2', '-c', 'write -P 6 2M 4k', '-c', 'discard 3M 64k', top);
      await expectSameAsConverted(top, 'qcow2');
      await withImage({ path: top, format: 'qcow2' }, async (image) => {
        const files = new Set((await extentsOf(image)).map((extent) => 'stored' in extent && extent.stored?.file));
        expect(files).toEqual(new Set([false, 0, 1, 2]));
        expect(formatsOf(image.identity)).toBe('qcow2<qcow2<raw');
      });
    });
  });

  test.each(['qcow', 'qed', 'vmdk'])('of %s images reads like the output of qemu-img convert', async (format) => {
    await withDirectory(async (directory) => {
      const base = join(directory, `base.${format}`);
      const top = join(directory, `top.${format}`);
      await makeImage(base, format, diskContent());
      await runTestTool('qemu-img', 'create', '-q', '-f', format, '-F', format, '-b', base, top);
      await runTestTool('qemu-io', '-f', format, '-c', 'write -P 6 2M 100k', top);
      await expectSameAsConverted(top, format);
      await withImage({ path: top, format }, async (image) => {
        const files = new Set((await extentsOf(image)).map((extent) => 'stored' in extent && extent.stored?.file));
        expect(files).toEqual(new Set([false, 0, 1]));
      });
    });
  });

  test.each([1, 511, 1000, 65_535, 65_537])(
    'with a raw base of %d bytes reads as zeros past the end of the base',
    async (length) => {
      await withDirectory(async (directory) => {
        const base = join(directory, 'base.raw');
        const top = join(directory, 'top.qcow2');
        await writeFile(base, Buffer.alloc(length, 9));
        await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', base, top, '256k');
        await expectSameAsConverted(top, 'qcow2');
      });
    },
  );
});

describe('a raw image', () => {
  test.each([0, 1, 511, 1000, 65_535, 65_537])('of %d bytes is read exactly', async (length) => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'disk.raw');
      const content = Buffer.alloc(length);
      fillWithNoise(content, length + 1);
      await writeFile(path, content);
      await withImage({ path, format: 'raw' }, async (image) => {
        expect(image.virtualSize).toBe(length);
        expect(await contentByExtents(image)).toEqual(content);
        expect(await contentByReads(image)).toEqual(content);
      });
    });
  });

  test('has no data where the file has a hole', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'disk.raw');
      await writeFile(path, Buffer.alloc(4096, 1));
      await truncate(path, 2 ** 40);
      await withImage({ path, format: 'raw' }, async (image) => {
        expect(await extentsOf(image)).toEqual([
          { kind: 'data', start: 0, length: 4096, stored: { file: 0, offset: 0 } },
          { kind: 'zero', start: 4096, length: 2 ** 40 - 4096 },
        ]);
      });
    });
  });
});

describe('a truncated image is read completely or fails, and never reads as zeros:', () => {
  test.each([
    ['qcow2', []],
    ['qcow2', ['-c']],
    ['qcow2', ['-o', 'cluster_size=4k']],
    ['qcow2', ['-o', 'extended_l2=on']],
    ['qcow', []],
    ['vmdk', []],
    ['vmdk', ['-o', 'subformat=streamOptimized']],
    ['vmdk', ['-o', 'subformat=monolithicFlat']],
    ['vdi', []],
    ['vhdx', []],
    ['vpc', []],
    ['vpc', ['-o', 'subformat=fixed']],
    ['qed', []],
    ['parallels', []],
  ])('%s %j, at many lengths', async (format, convertArguments) => {
    await withDirectory(async (directory) => {
      const path = join(directory, `disk.${format}`);
      await makeImage(path, format, diskContent(), ...convertArguments);
      const whole = digest(await readAll({ path, format }));
      const flat = (await readdir(directory)).find((name) => name.includes('-flat'));
      const file = flat === undefined ? path : join(directory, flat);
      const { size } = await stat(file);
      const lengths = [
        ...Array.from({ length: 10 }, (_, part) => (size * part) / 10),
        66_000,
        132_000,
        197_000,
        10_000,
      ];
      for (const length of lengths.map(Math.floor).sort((a, b) => b - a)) {
        await truncate(file, length);
        const outcome = await readAll({ path, format }).then(
          (content) => digest(content),
          (thrown) => thrown.code,
        );
        expect({ length, outcome: [whole, 'corrupt', 'unreadable'].includes(outcome) || outcome }).toEqual({
          length,
          outcome: true,
        });
      }
    });
  });
});

test('a truncated compressed cluster is corrupt, also in a file with holes', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'disk.qcow2');
    await writeFile(join(directory, 'content'), Buffer.from('some words, some words more. '.repeat(40_000)));
    await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', path, '64M');
    await runTestTool('qemu-io', '-f', 'qcow2', '-c', 'write -q -P 0 0 8M', path);
    await runTestTool('qemu-io', '-f', 'qcow2', '-c', `write -q -c -s ${join(directory, 'content')} 16M 1M`, path);
    await runTestTool('fallocate', '--dig-holes', path);
    await expect(readAll({ path, format: 'qcow2' })).resolves.toHaveLength(2 ** 26);
    await truncate(path, (await stat(path)).size - 600);
    await expect(readAll({ path, format: 'qcow2' })).rejects.toMatchObject({ code: 'corrupt' });
  });
});

describe('an image with a table that refers past the end of the file is corrupt:', () => {
  const farSector = 2 ** 24;
  const farByte = BigInt(farSector) * 512n;

  /** Functions that change the first entry of a table, so that it refers past the end of the file. */
  const forgeries: readonly [string, string, readonly string[], (image: Buffer) => void][] = [
    ['qcow2', 'L1', [], (image) => image.writeBigUInt64BE(farByte, be64At(image, 40))],
    ['qcow2', 'L2', [], (image) => image.writeBigUInt64BE(farByte, tableBehind(image, be64At(image, 40)))],
    ['qcow2', 'compressed L2', ['-c'], (image) => forgeCompressed(image, tableBehind(image, be64At(image, 40)))],
    ['qcow2', 'refcount', [], (image) => image.writeBigUInt64BE(farByte, be64At(image, 48))],
    ['qcow', 'L1', [], (image) => image.writeBigUInt64BE(farByte, be64At(image, 40))],
    ['qcow', 'L2', [], (image) => image.writeBigUInt64BE(farByte, tableBehind(image, be64At(image, 40)))],
    ['qed', 'L1', [], (image) => image.writeBigUInt64LE(farByte, le64At(image, 40))],
    ['qed', 'L2', [], (image) => image.writeBigUInt64LE(farByte, le64At(image, le64At(image, 40)))],
    ['vmdk', 'grain directory', [], (image) => image.writeUInt32LE(farSector, le64At(image, 56) * 512)],
    ['vmdk', 'grain table', [], (image) => image.writeUInt32LE(farSector, grainTable(image))],
    ['vdi', 'block map', [], (image) => image.writeUInt32LE(4000, image.readUInt32LE(0x154))],
    ['parallels', 'block map', [], (image) => image.writeUInt32LE(farSector, 64)],
    ['vpc', 'block map', [], (image) => image.writeUInt32BE(farSector, Number(image.readBigUInt64BE(512 + 16)))],
    ['vhdx', 'block map', [], (image) => image.writeBigUInt64LE(farByte | WHOLE_BLOCK, vhdxBlockMap(image))],
  ];

  /** The state of a vhdx block that is stored completely. */
  const WHOLE_BLOCK = 6n;
  const VHDX_BLOCK_MAP = Buffer.from('6677c22d23f600429d64115e9bfd4a08', 'hex');
  const vhdxBlockMap = (image: Buffer) => le64At(image, image.indexOf(VHDX_BLOCK_MAP, 192 * 1024) + 16);

  const be64At = (image: Buffer, position: number) => Number(image.readBigUInt64BE(position));
  const le64At = (image: Buffer, position: number) => Number(image.readBigUInt64LE(position));
  /** Returns the position of the table to which an entry of qcow or qcow2 refers. */
  const tableBehind = (image: Buffer, entry: number) => Number(image.readBigUInt64BE(entry) & 0x00ff_ffff_ffff_fe00n);
  const grainTable = (image: Buffer) => image.readUInt32LE(le64At(image, 56) * 512) * 512;
  const forgeCompressed = (image: Buffer, entry: number) =>
    image.writeBigUInt64BE(image.readBigUInt64BE(entry) | (1n << 40n), entry);

  test.each(forgeries)('%s, %s', async (format, _, convertArguments, forge) => {
    await withDirectory(async (directory) => {
      const path = join(directory, `disk.${format}`);
      await makeImage(path, format, diskContent(), ...convertArguments);
      const image = await readFile(path);
      forge(image);
      await writeFile(path, image);
      await expect(readAll({ path, format })).rejects.toMatchObject({ code: 'corrupt' });
    });
  });

  test.each([
    ['begins at', 0],
    ['extends past', 1000],
  ])('dmg, with a chunk that %s the end of the file', async (_, inFile) => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'disk.dmg');
      const valid = dmgImage(Buffer.alloc(2 ** 19, 7));
      const { offset } = chunkPlace(0);
      const forged = withChunkTable(valid, (table) => table.writeBigUInt64BE(BigInt(valid.length - inFile), offset));
      await writeFile(path, forged);
      // qemu reads the missing bytes as zeros, which the reader must not do.
      const bytes = (await convertedContent(path, 'dmg')).subarray(inFile, 2 ** 18);
      expect(bytes.equals(Buffer.alloc(bytes.length))).toBe(true);
      await expect(readAll({ path, format: 'dmg' })).rejects.toMatchObject({ code: 'corrupt' });
    });
  });
});

test('a table that refers into the middle of a sector is corrupt, because qemu cannot read there either', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'disk.qcow');
    await makeImage(path, 'qcow', diskContent());
    const image = await readFile(path);
    const table = Number(image.readBigUInt64BE(Number(image.readBigUInt64BE(40))));
    image.writeBigUInt64BE(image.readBigUInt64BE(table) + 1n, table);
    await writeFile(path, image);
    await expect(convertedContent(path, 'qcow')).rejects.toThrow(/Input\/output error/);
    await expect(readAll({ path, format: 'qcow' })).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(/but begin at byte \d+; restore the image from a good copy$/),
    });
  });
});

test('a small file whose tables refer to one cluster repeatedly is not read', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'disk.qcow2');
    const cluster = 2 ** 21;
    await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', 'cluster_size=2M', path, '512G');
    // All entries of the only L2 table refer to one cluster.
    const table = 4 * cluster;
    const image = Buffer.alloc(table + 2 * cluster);
    (await readFile(path)).copy(image);
    image.writeBigUInt64BE(BigInt(table), Number(image.readBigUInt64BE(40)));
    for (let at = table; at < table + cluster; at += 8) {
      image.writeBigUInt64BE(BigInt(table + cluster), at);
    }
    await writeFile(path, image);
    await expect(withImage({ path, format: 'qcow2' }, extentsOf)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        /refer to some of its \d+ stored bytes repeatedly; .* convert it with qemu-img convert -O raw first$/,
      ),
    });
  });
});

describe('an image whose entries share a table', () => {
  test.each([
    ['qcow2', (path: string) => writeSharedL2(path, 100, COMPRESSED_AND_ZERO), 'a different L2 table'],
    ['vmdk', (path: string) => writeGrainBomb(path, 100, 0), 'a different grain table'],
  ] as const)('is not read if its format is %s', async (format, write, expected) => {
    await withDirectory(async (directory) => {
      const path = join(directory, `disk.${format}`);
      await write(path);
      await expect(withImage({ path, format }, extentsOf)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(`${expected}, found several .* convert it with qemu-img convert -O raw first$`),
      });
    });
  });
});

test('an image that describes too many runs for its size is not read', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'disk.vmdk');
    await writeGrainBomb(path, 1000, 1);
    await expect(withImage({ path, format: 'vmdk' }, extentsOf)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/its \d+ stored bytes describe more than \d+ separate runs of data and zeros; /),
    });
  });
});

describe('an open image', () => {
  test('reports a layer that became shorter', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'disk.raw');
      await writeFile(path, Buffer.alloc(65_536, 1));
      await withImage({ path, format: 'raw' }, async (image) => {
        await image.read(Buffer.alloc(10), 0);
        await truncate(path, 1000);
        await expect(image.read(Buffer.alloc(10), 995)).rejects.toMatchObject({ code: 'changed' });
        await appendFile(path, Buffer.alloc(10));
      });
    });
  });

  test('ends its server when it is closed, and pending reads fail', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'disk.vmdk');
      await makeImage(path, 'vmdk', diskContent(), '-o', 'subformat=streamOptimized');
      const image = await openImage(reader, { path, format: 'vmdk' }, { allowedDirectories: [directory] });
      await image.read(Buffer.alloc(4096), 0);
      expect(await servers()).toHaveLength(1);
      const pending = image.read(Buffer.alloc(2 ** 20), 2 ** 20);
      pending.catch(() => {});
      await image.close();
      await image.close();
      await expect(pending).rejects.toMatchObject({ name: 'VirtSimilarityError' });
      await expect(image.read(Buffer.alloc(1), 0)).rejects.toMatchObject({ name: 'VirtSimilarityError' });
      expect(await servers()).toHaveLength(0);
    });
  });

  test('ends its server when the signal fires', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'disk.vmdk');
      await makeImage(path, 'vmdk', diskContent(), '-o', 'subformat=streamOptimized');
      const interrupt = new AbortController();
      const options = { allowedDirectories: [directory], signal: interrupt.signal };
      const image = await openImage(reader, { path, format: 'vmdk' }, options);
      await image.read(Buffer.alloc(4096), 0);
      interrupt.abort();
      await expect(image.read(Buffer.alloc(4096), 0)).rejects.toMatchObject({ code: 'aborted' });
      await image.close();
      expect(await servers()).toHaveLength(0);
    });
  });
});

describe('without a usable qemu-img,', () => {
  test.each([
    ['that is not compressed', []],
    ['with holes in its file', ['-o', 'preallocation=metadata']],
  ])('a qcow2 image %s can still be read', async (_, options) => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'disk.qcow2');
      await makeImage(path, 'qcow2', diskContent(), ...options);
      const searched = process.env.PATH;
      process.env.PATH = directory;
      try {
        expect(digest(await readAll({ path, format: 'qcow2' }))).toBe(digest(diskContent()));
      } finally {
        process.env.PATH = searched;
      }
    });
  });

  test.each([
    [
      'because it is missing',
      undefined,
      'qemu-img, qemu-nbd and bwrap are not installed; install qemu-utils bubblewrap',
    ],
    ['because it prints garbage', 'echo garbage', 'did not print the expected JSON'],
    ['because it prints other JSON', 'echo "[{}]"', 'did not print the expected JSON'],
    ['because it omits bytes', 'echo "[]"', 'are not consecutive at byte 0'],
  ])('%s, the error states the reason', async (_, script, remedy) => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'disk.vmdk');
      await makeImage(path, 'vmdk', diskContent());
      if (script !== undefined) {
        await writeFile(join(directory, 'qemu-img'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      }
      const searched = process.env.PATH;
      process.env.PATH = script === undefined ? directory : `${directory}:${searched}`;
      try {
        const outcome = readAll({ path, format: 'vmdk' });
        await expect(outcome).rejects.toMatchObject({
          code: expect.stringMatching(/^(unavailable|corrupt)$/),
          message: expect.stringContaining(remedy),
        });
      } finally {
        process.env.PATH = searched;
      }
    });
  });
});

describe('a backing image', () => {
  test.each([
    ['qcow2', ['-c']],
    ['qcow2', []],
    ['qcow', []],
    ['qed', []],
    ['vmdk', []],
  ])('of format %s %j reads the same alone and below an overlay', async (format, convertArguments) => {
    await withDirectory(async (directory) => {
      const base = join(directory, `base.${format}`);
      const middle = join(directory, `middle.${format}`);
      const top = join(directory, `top.${format}`);
      await makeImage(base, format, diskContent(), ...convertArguments);
      await runTestTool('qemu-img', 'create', '-q', '-f', format, '-F', format, '-b', base, middle);
      await runTestTool('qemu-io', '-f', format, '-c', 'write -P 5 1M 200k', middle);
      await runTestTool('qemu-img', 'create', '-q', '-f', format, '-F', format, '-b', middle, top);
      await runTestTool('qemu-io', '-f', format, '-c', 'write -P 6 2M 100k', top);
      await withImage({ path: top, format }, async (image) => {
        const { source, identity } = baseOf(image.identity)!;
        expect(source).toEqual({ path: middle, format });
        expect(image.identity.chain.slice(1)).toEqual(identity.chain);
        await withImage(source, async (backing) => {
          expect(backing.identity).toEqual(identity);
          await expectInherited(image, backing);
        });
      });
    });
  });

  test.each([
    ['smaller', '3M'],
    ['larger', '8M'],
  ])('of a %s overlay is inherited where the overlay has no data', async (_, size) => {
    await withDirectory(async (directory) => {
      const base = join(directory, 'base.raw');
      const top = join(directory, 'top.qcow2');
      await writeFile(base, diskContent().subarray(0, 5 * 2 ** 20 + 1001));
      await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', base, top, size);
      await runTestTool('qemu-io', '-f', 'qcow2', '-c', 'write -P 6 2M 100k', top);
      await expectSameAsConverted(top, 'qcow2');
      await withImage({ path: top, format: 'qcow2' }, (image) =>
        withImage(baseOf(image.identity)!.source, (backing) => expectInherited(image, backing)),
      );
    });
  });
});

/**
 * Expects the image to have data of its own and inherited data. The inherited data must equal the data of the backing
 * image at the same positions.
 */
async function expectInherited(image: DiskImage, backing: DiskImage): Promise<void> {
  const [own, base] = [await contentByReads(image), await contentByReads(backing)];
  const data = (await extentsOf(image)).filter((extent) => extent.kind === 'data');
  const inherited = data.filter((extent) => extent.inherited);
  expect(inherited.length).toBeGreaterThan(0);
  expect(data.length).toBeGreaterThan(inherited.length);
  for (const { start, length } of inherited) {
    expect(start + length).toBeLessThanOrEqual(backing.virtualSize);
    expect(digest(own.subarray(start, start + length))).toBe(digest(base.subarray(start, start + length)));
  }
}

/** Returns the qemu-nbd processes of this process, whose sockets are in its run directories. */
async function servers(): Promise<string[]> {
  const processes = await runTestTool('ps', '-eo', 'pid,args', '--no-headers', '-ww');
  const ours = `/virt-similarity-${process.pid}-`;
  return processes.split('\n').filter((line) => /^ *\d+ \S*qemu-nbd /.test(line) && line.includes(ours));
}
