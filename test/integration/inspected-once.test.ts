import { writeFileSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type AnalyzeOptions,
  createAnalyzer,
  type DiskReader,
  type HashOptions,
  type HashVector,
} from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import { QemuReader, RawReader } from '@virt-similarity/readers';
import { inspect } from '#readers/inspection/inspect.js';
import { Inspections } from '#readers/inspection/inspections.js';
import { runTool, settled } from '../fixtures/index.js';

const CONTENT = Buffer.alloc(2 ** 20, 7);

let directory: string;
/** The names of the images that were inspected, in order. */
let inspected: string[];

const inspections = new Inspections((source, options) => {
  inspected.push(basename(source.path));
  return inspect(source, options);
});

class CountedRawReader extends RawReader {
  constructor() {
    super(inspections);
  }
}

class CountedQemuReader extends QemuReader {
  constructor() {
    super(inspections);
  }
}

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'inspected-once-')));
  await writeFile(join(directory, 'base.raw'), CONTENT);
  for (const name of ['a.qcow2', 'b.qcow2']) {
    await runTool('qemu-img', [
      ...['create', '-q', '-f', 'qcow2', '-b', 'base.raw', '-F', 'raw'],
      join(directory, name),
    ]);
    await runTool('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 9 0 64k', join(directory, name)]);
  }
  await runTool('qemu-img', ['convert', '-O', 'qcow2', join(directory, 'base.raw'), join(directory, 'cloud.img')]);
  // Recently written files are inspected one more time than others, and their vectors are not cached.
  await settled(['base.raw', 'a.qcow2', 'b.qcow2', 'cloud.img'].map((name) => join(directory, name)));
});

afterAll(() => rm(directory, { recursive: true }));

beforeEach(() => {
  inspected = [];
});

function counted(readers: Readonly<Record<string, new () => DiskReader>>) {
  return createAnalyzer({ plugins: [hashers, { name: 'counted', readers }] });
}

/** Returns the number of inspections of each image in a run. */
async function inspectionsOf(names: readonly string[], options: AnalyzeOptions): Promise<Record<string, number>> {
  const images = names.map((name) => join(directory, name));
  const { failures } = await counted({ raw: CountedRawReader, qemu: CountedQemuReader }).analyze(images, options);
  expect(failures).toEqual([]);
  const counts: Record<string, number> = {};
  for (const name of inspected) {
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

test.each(['auto', 'qemu'])(
  'an image is inspected once to identify it and once after it was read: --reader %s',
  async (reader) => {
    // The raw reader declines qcow2 images, but it needs the same inspection of the complete chain as the other reader.
    expect(await inspectionsOf(['base.raw', 'cloud.img'], { reader, cache: false })).toEqual({
      'base.raw': 2,
      'cloud.img': 2,
    });
  },
);

test('a base that is read only for its overlays is inspected only after it was read', async () => {
  expect(await inspectionsOf(['a.qcow2', 'b.qcow2'], { cache: false })).toEqual({
    'a.qcow2': 2,
    'b.qcow2': 2,
    'base.raw': 1,
  });
});

test('an image whose vector is in the cache is inspected once', async () => {
  const cache = join(directory, 'cache');
  const names = ['a.qcow2', 'cloud.img'];
  expect(await inspectionsOf(names, { cache })).toEqual({ 'a.qcow2': 2, 'cloud.img': 2 });
  inspected = [];
  expect(await inspectionsOf(names, { cache })).toEqual({ 'a.qcow2': 1, 'cloud.img': 1 });
});

describe.each(['a.qcow2', 'base.raw'])('an image whose file %s changes before the image is opened', (changed) => {
  test('is inspected once more and read with its new content', async () => {
    const path = join(directory, changed);
    const before = await readFile(path);
    // The last cluster of both files contains data of the disk.
    const after = Buffer.concat([before.subarray(0, -65_536), Buffer.alloc(65_536, 3)]);
    try {
      const change = () => writeFileSync(path, after);
      const vector = await vectorOf('a.qcow2', (event) => event.kind === 'image-identified' && change());
      expect(inspected).toEqual(['a.qcow2', 'a.qcow2', 'a.qcow2']);
      expect(await contentOf(vector)).toEqual(await contentOf(await vectorOf('a.qcow2')));
      await writeFile(path, before);
      expect(await contentOf(vector)).not.toEqual(await contentOf(await vectorOf('a.qcow2')));
    } finally {
      await writeFile(path, before);
      await settled([path]);
    }
  });
});

async function vectorOf(name: string, onProgress: HashOptions['onProgress'] = () => {}): Promise<HashVector> {
  const analyzer = counted({ raw: CountedRawReader, qemu: CountedQemuReader });
  for await (const outcome of analyzer.hash([join(directory, name)], { cache: false, onProgress })) {
    if (outcome.vector !== undefined) {
      return outcome.vector;
    }
    throw outcome.error;
  }
  throw new Error(`${name} has no outcome`);
}

/** Returns the digests of a vector's rows. */
async function contentOf(vector: HashVector): Promise<string[]> {
  const digests: string[] = [];
  for await (const rows of vector.rows()) {
    digests.push(Buffer.from(rows.digests).toString('hex'));
  }
  return digests;
}

test('a warning about an image is reported once', async () => {
  const notes: string[] = [];
  const onNote: HashOptions['onNote'] = (level, note) => level === 'warning' && notes.push(note);
  await inspectionsOf(['cloud.img', 'base.raw'], { cache: false, onNote });
  expect(notes).toEqual([expect.stringMatching(/cloud\.img: treated as qcow2, because its header says so$/)]);
});

test('a chosen reader that does not support an image reports the reason and the remedy', async () => {
  const images = ['a.qcow2', 'b.qcow2'].map((name) => join(directory, name));
  const analysis = counted({ raw: CountedRawReader, qemu: CountedQemuReader }).analyze(images, {
    reader: 'raw',
    cache: false,
  });
  await expect(analysis).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringMatching(
      /^\[raw\] cannot open .*a\.qcow2: it is a qcow2 image; choose `reader: 'qemu'`, or name it as `{ path: '.*a\.qcow2', format: 'raw' }`/,
    ),
  });
});
