import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAnalyzer, type DiskSource } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import { dmgImage } from '../fixtures/dmg-image.js';
import { writeEsxiChain } from '../fixtures/esxi-disk.js';
import { FORMAT_SAMPLES, runTool } from '../fixtures/index.js';
import { convertedContent, fillWithNoise } from './qemu-images.js';

/** An image with one of the contents, in one format. */
interface Sample {
  readonly path: string;
  readonly format: string;
  /** Which of the two contents the disk has. */
  readonly content: 'one' | 'other';
}

/** Formats, or variants of them, that qemu-img writes and the fixtures do not include. */
const FURTHER_SAMPLES = [
  { file: 'first.qcow', format: 'qcow', options: [] },
  { file: 'subclusters-deflate.qcow2', format: 'qcow2', options: ['-c', '-o', 'extended_l2=on,cluster_size=64k'] },
  { file: 'lazy.qcow2', format: 'qcow2', options: ['-o', 'lazy_refcounts=on,refcount_bits=1'] },
  { file: 'preallocated.qcow2', format: 'qcow2', options: ['-o', 'preallocation=metadata'] },
  { file: 'flat-split.vmdk', format: 'vmdk', options: ['-o', 'subformat=twoGbMaxExtentFlat'] },
  { file: 'esx.vmdk', format: 'vmdk', options: ['-o', 'subformat=monolithicSparse,compat6=on,zeroed_grain=on'] },
  { file: 'blocks-1m.vhdx', format: 'vhdx', options: ['-o', 'block_size=1M'] },
];

const CONTENTS = ['one', 'other'] as const;
const DISK_BYTES = 3 * 2 ** 20;
const analyzer = createAnalyzer({ plugins: [readers, hashers] });
let directory: string;
let samples: readonly Sample[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-formats-'));
  samples = [...(await writeSamples('one', contentWith(0))), ...(await writeSamples('other', contentWith(1)))];
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Returns a content: noise at both ends, between them compressible text and zeros, and the given byte at the end. */
function contentWith(byte: number): Buffer {
  const content = Buffer.alloc(DISK_BYTES);
  fillWithNoise(content.subarray(0, 200_000), 1);
  content.fill('virt-similarity ', 2 ** 20, 2 ** 20 + 300_000);
  fillWithNoise(content.subarray(DISK_BYTES - 100_000), 2);
  content[DISK_BYTES - 1] = byte;
  return content;
}

async function writeSamples(name: Sample['content'], content: Buffer): Promise<Sample[]> {
  const at = (file: string) => join(directory, `${name}-${file}`);
  const raw = at('content.raw');
  await writeFile(raw, content);
  await writeFile(at('image.dmg'), dmgImage(content));
  const made: Sample[] = [
    { path: raw, format: 'raw', content: name },
    { path: at('image.dmg'), format: 'dmg', content: name },
    { path: await writeEsxiChain(directory, `${name}-esxi`, content), format: 'vmdk', content: name },
  ];
  const fixtures = FORMAT_SAMPLES.map(({ file, format, options }) => {
    const creation = Object.entries(options?.creation ?? {}).map(([key, value]) => `${key}=${value}`);
    const words = [...(options?.compressed ? ['-c'] : []), ...(creation.length > 0 ? ['-o', creation.join()] : [])];
    return { file, format, options: words };
  });
  for (const { file, format, options } of [...fixtures, ...FURTHER_SAMPLES]) {
    await runTool('qemu-img', ['convert', '-f', 'raw', '-O', format, ...options, raw, at(file)]);
    made.push({ path: at(file), format, content: name });
  }
  return made;
}

/** Returns a value for each pair by the names of its images, so that a failed assertion names the pair. */
function pairs<T>(
  chosen: readonly Sample[],
  value: (one: Sample, other: Sample, pair: number) => T,
): Record<string, T> {
  const entries: [string, T][] = [];
  for (const [index, one] of chosen.entries()) {
    for (const other of chosen.slice(index + 1)) {
      entries.push([`${basename(one.path)} – ${basename(other.path)}`, value(one, other, entries.length)]);
    }
  }
  return Object.fromEntries(entries);
}

async function expectDistances(chosen: readonly Sample[], reader: string): Promise<void> {
  const sources: DiskSource[] = chosen.map(({ path, format }) => ({ path, format }));
  const { distances, failures } = await analyzer.analyze(sources, { reader, cache: false, jobs: 2 });
  expect(failures).toEqual([]);
  const found = pairs(chosen, (_one, _other, pair) => distances.values[pair]);
  expect(found).toEqual(pairs(chosen, (one, other) => (one.content === other.content ? 0 : 1)));
}

describe('one content in every format, and another that differs in one byte', () => {
  test('are distinguished in all formats by the reader auto', () => expectDistances(samples, 'auto'));

  test('are distinguished in all formats by the reader qemu', () => expectDistances(samples, 'qemu'));

  test('are distinguished in all formats by the reader libguestfs', async () => {
    // Not all samples, because an appliance reads its drives slowly without KVM.
    const chosen = samples.filter(({ content, format }) => content === 'one' || format === 'raw');
    await expectDistances(chosen, 'libguestfs');
  });

  test('are also distinguished by qemu-img compare and qemu-img convert', async () => {
    for (const { path, format, content } of samples) {
      expect((await convertedContent(path, format)).equals(await readFile(rawOf(content)))).toBe(true);
      for (const name of CONTENTS) {
        expect([path, name, await isIdentical(path, format, rawOf(name))]).toEqual([path, name, name === content]);
      }
    }
  });
});

function rawOf(content: Sample['content']): string {
  return join(directory, `${content}-content.raw`);
}

async function isIdentical(path: string, format: string, raw: string): Promise<boolean> {
  try {
    await runTool('qemu-img', ['compare', '-q', '-f', format, '-F', 'raw', path, raw]);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === 1) {
      return false;
    }
    throw error;
  }
}
