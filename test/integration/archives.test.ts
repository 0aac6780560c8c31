import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAnalyzer, type DiskReader, type ReadOptions } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers, { LibguestfsReader, QemuReader, RawReader } from '@virt-similarity/readers';
import { diskReaderContract } from '@virt-similarity/testing';
import { dmgImage } from '../fixtures/dmg-image.js';
import { FORMAT_SAMPLES } from '../fixtures/index.js';
import { settled } from '../fixtures/settled.js';
import { convertedContent, diskContent, makeImage, runTestTool } from './qemu-images.js';

/** The samples that consist of several files. */
const IN_SEVERAL_FILES = ['flat.vmdk', 'split.vmdk'];
const SAMPLES = FORMAT_SAMPLES.filter(({ file }) => !IN_SEVERAL_FILES.includes(file));
/** The length is a whole number of MiB, which every format can store. */
const CONTENT = Buffer.concat([diskContent(), Buffer.alloc(2 ** 20 - 1536, 7)]);
const analyzer = createAnalyzer({ plugins: [readers, hashers] });

let directory: string;
let options: ReadOptions;
const at = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-archives-'));
  options = { allowedDirectories: [directory] };
  await writeFile(at('disk.raw'), CONTENT);
  await writeFile(at('chunks.dmg'), dmgImage(CONTENT));
  for (const { file, format, options: { creation = {}, compressed } = {} } of SAMPLES) {
    const created = Object.entries(creation).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
    await makeImage(at(file), format, CONTENT, ...(compressed ? ['-c'] : []), ...created);
  }
  await writeFile(at('vm.ovf'), '<Envelope/>');
  const files = [...SAMPLES.map(({ file }) => file), 'chunks.dmg', 'disk.raw'];
  for (const form of ['ustar', 'gnu', 'pax']) {
    await runTestTool('tar', '--format', form, '-C', directory, '-cf', at(`${form}.ova`), 'vm.ovf', ...files);
  }
}, 120_000);

afterAll(() => rm(directory, { recursive: true }));

/** Returns the distance of each image in an archive from the raw disk, by the name of the image. */
async function distancesIn(archive: string, reader: string): Promise<Record<string, number>> {
  const images = [{ path: at('disk.raw') }, { path: at(archive) }];
  const { images: found, distances, failures } = await analyzer.analyze(images, { reader, cache: false });
  expect(failures).toEqual([]);
  return Object.fromEntries(found.slice(1).map(({ name }, index) => [name, distances.values[index]!]));
}

function allAtDistance0(archive: string): Record<string, number> {
  const files = [...SAMPLES.map(({ file }) => file), 'chunks.dmg', 'disk.raw'];
  return Object.fromEntries(files.map((file) => [`${archive}:${file}`, 0]));
}

describe('images in a tar archive', () => {
  test.each(['ustar.ova', 'gnu.ova', 'pax.ova'])(
    'are read correctly in every format, from %s',
    async (archive) => {
      expect(await distancesIn(archive, 'auto')).toEqual(allAtDistance0(archive));
    },
    60_000,
  );

  test.each(['qemu', 'libguestfs'])(
    'are read correctly in every format, by the reader %s',
    async (reader) => {
      expect(await distancesIn('pax.ova', reader)).toEqual(allAtDistance0('pax.ova'));
    },
    600_000,
  );

  test('have the expected content for qemu-img convert before they are packed', async () => {
    for (const { file, format } of SAMPLES) {
      expect([file, (await convertedContent(at(file), format)).equals(CONTENT)]).toEqual([file, true]);
    }
  }, 60_000);

  test('are read correctly, in raw and qcow2, if the archive has large holes', async () => {
    const commands = [
      'truncate -s 64M sparse.raw; printf x | dd of=sparse.raw bs=1M seek=32 conv=notrunc',
      'qemu-img convert -f raw -O qcow2 -o preallocation=metadata sparse.raw sparse.qcow2',
      'tar -cf full.tar sparse.qcow2 sparse.raw; cp --sparse=always full.tar sparse.tar',
      'test $(stat -c %b sparse.tar) -lt 10000; cp sparse.raw plain.raw',
    ];
    await runTestTool('bash', '-e', '-c', `cd "$1"; ${commands.join('; ')}`, 'bash', directory);
    for (const reader of ['auto', 'qemu']) {
      const images = ['plain.raw', 'sparse.tar'].map((name) => ({ path: at(name) }));
      const { distances, failures } = await analyzer.analyze(images, { reader, cache: false });
      expect({ failures, distances: [...distances.values] }).toEqual({ failures: [], distances: [0, 0, 0] });
    }
  }, 60_000);
});

describe.each([
  ['raw', new RawReader(), 'disk.raw'],
  ['qemu', new QemuReader(), 'disk.raw'],
  ['qemu', new QemuReader(), 'deflate.qcow2'],
  ['qemu', new QemuReader(), 'dynamic.vhdx'],
  ['qemu', new QemuReader(), 'fixed.vhd'],
  ['qemu', new QemuReader(), 'stream.vmdk'],
] satisfies [string, DiskReader, string][])('the contract of the reader %s', (_, reader, member) => {
  for (const { title, run } of diskReaderContract(async () => {
    const archive = at('pax.ova');
    return { reader, image: { source: { path: `${archive}:${member}`, archive }, options, content: CONTENT } };
  })) {
    test(`with ${member} in an archive: ${title}`, run, 60_000);
  }
});

test('a raw disk in an archive is read without the padding after it', async () => {
  const content = CONTENT.subarray(0, 100_001);
  await writeFile(at('odd.raw'), content);
  await runTestTool('tar', '-C', directory, '-cf', at('odd.tar'), 'odd.raw', 'disk.raw');
  // The padding to a multiple of 512 bytes is not part of the disk.
  const archive = await readFile(at('odd.tar'));
  archive.fill(0xff, 512 + content.length, 512 + Math.ceil(content.length / 512) * 512);
  await writeFile(at('odd.tar'), archive);
  for (const reader of [new RawReader(), new QemuReader(), new LibguestfsReader()]) {
    const source = { path: `${at('odd.tar')}:odd.raw`, archive: at('odd.tar') };
    const identity = await reader.identify(source, options);
    const image = await reader.open(source, identity!, options);
    try {
      if (!('virtualSize' in image)) {
        throw new Error('expected an image');
      }
      const found = Buffer.alloc(image.virtualSize);
      await image.read(found, 0);
      expect(found.equals(content)).toBe(true);
    } finally {
      await image.close();
    }
  }
}, 300_000);

test('disks of an archive are cached one by one, and read again when the archive changes', async () => {
  await writeFile(at('one.raw'), CONTENT.subarray(0, 2 ** 20));
  await writeFile(at('two.raw'), CONTENT.subarray(2 ** 20, 2 ** 21));
  const pack = async (...files: string[]) => {
    await runTestTool('tar', '-C', directory, '-cf', at('cached.tar'), ...files);
    await settled([at('cached.tar')]);
  };
  const hash = async () => {
    const found: Record<string, unknown> = {};
    for await (const { path, vector, cached } of analyzer.hash([at('cached.tar')], { cache: at('cache') })) {
      found[basename(path)] = { cached, blocks: vector?.dataBlocks };
    }
    return found;
  };
  await pack('one.raw', 'two.raw');
  const first = await hash();
  expect(first).toEqual({
    'cached.tar:one.raw': { cached: false, blocks: 2 },
    'cached.tar:two.raw': { cached: false, blocks: 5 },
  });
  expect(await hash()).toEqual({
    'cached.tar:one.raw': { cached: true, blocks: 2 },
    'cached.tar:two.raw': { cached: true, blocks: 5 },
  });
  await pack('two.raw', 'one.raw');
  expect(await hash()).toEqual(first);
});
