import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type Analysis,
  type AnalyzeOptions,
  createAnalyzer,
  type HashVector,
  hashVectorOf,
  LINKAGES,
  type OptionDeclarations,
  type OptionValues,
  type Plugin,
  type ProgressEvent,
  type Reporter,
  VirtSimilarityError,
  writeHashVector,
} from '@virt-similarity/core';
import { MemoryDisksPlugin } from '@virt-similarity/testing';
import checksums from '../../../../fixtures/checksum-plugin.js';

const OPTIONS: AnalyzeOptions = { hasher: 'checksum', blockSize: 512, jobs: 2 };

/** Returns a disk whose blocks are each filled with one byte. */
function disk(...blocks: number[]): Uint8Array {
  return Uint8Array.from({ length: blocks.length * 512 }, (_, index) => blocks[index >> 9]!);
}

/** Returns the disks of a base, its clone, a clone of the clone, and an unrelated image; and images that fail. */
function family(): MemoryDisksPlugin {
  return new MemoryDisksPlugin({
    'memory:base': disk(1, 2, 3, 4, 5, 6, 7, 8),
    'memory:clone': disk(1, 2, 3, 4, 5, 6, 7, 99),
    'memory:other': disk(50, 51, 52, 53, 0, 0, 54),
    'memory:clone-of-clone': disk(1, 2, 3, 4, 5, 6, 98, 99),
    'memory:broken': new VirtSimilarityError('corrupt', 'broken: its head is missing', { image: 'memory:broken' }),
    'memory:defect': new TypeError('undefined is not a disk'),
  });
}

const GOOD = ['memory:base', 'memory:clone', 'memory:other', 'memory:clone-of-clone'];

let cache: string;

beforeEach(async () => {
  cache = join(await mkdtemp(join(tmpdir(), 'analyzer-')), 'cache');
});

afterEach(async () => {
  await rm(join(cache, '..'), { recursive: true });
});

/** Writes a hash vector of one block beside the cache, with a changed header. Returns its path. */
async function writeVector(
  file: string,
  change: Partial<Omit<HashVector, 'rows' | 'dataBlocks'>> = {},
): Promise<string> {
  const path = join(cache, '..', file);
  const header = { name: file, algorithm: 'checksum', digestLength: 4, blockSize: 512, virtualSize: 512, ...change };
  await writeHashVector(hashVectorOf(header, Uint32Array.of(0), new Uint8Array(header.digestLength)), path);
  return path;
}

/** Returns an analysis without the functions of its vectors, because functions of different vectors are never equal. */
function comparable({ images, ...analysis }: Analysis) {
  const plain = images.map(({ vector: { rows: _, ...vector } = {} as HashVector, ...image }) => ({ ...image, vector }));
  return { ...analysis, images: plain };
}

describe('analyze', () => {
  test('measures all pairs and joins the closest first', async () => {
    const analysis = await analyzerOf(family()).analyze(GOOD, OPTIONS);
    expect([...analysis.distances.values]).toEqual([1, 8, 2, 8, 1, 8]);
    expect(analysis.dendrogram.merges.map(({ height }) => height)).toEqual([1, 1, 8]);
    expect(analysis.cladogram.nodes).toEqual([
      { height: 1, children: [0, 1, 3] },
      { height: 8, children: [4, 2] },
    ]);
    expect(analysis.images[2]).toEqual({
      name: 'memory:other',
      path: 'memory:other',
      virtualSize: 7 * 512,
      dataBlocks: 5,
      repeatedBlocks: 0,
      vectorKey: expect.stringMatching(/^[0-9a-f]{32}$/),
      vector: expect.objectContaining({ name: 'memory:other', dataBlocks: 5, algorithm: 'checksum' }),
    });
    expect(analysis.images.map(({ repeatedBlocks }) => repeatedBlocks)).toEqual([7, 8, 0, 7]);
    expect(analysis.parameters).toMatchObject({ algorithm: 'checksum', metric: 'hamming', linkage: 'single' });
  });

  test.each([
    ['memory', 'usage', "[memory] cannot open file: this reader does not support its format; choose `reader: 'auto'`"],
    ['auto', 'unavailable', 'no reader can read file: tried memory; state its `format`'],
  ])('reports a failure if no reader accepts an image (reader: %s)', async (reader, code, message) => {
    const { failures } = await analyzerOf(family()).analyze([...GOOD, 'file'], { ...OPTIONS, reader });
    expect(failures).toMatchObject([{ path: 'file', error: { code, message, image: 'file' } }]);
  });

  test.each([1, 2, 5])('returns the same analysis with %d jobs', async (jobs) => {
    const analysis = await analyzerOf(family()).analyze(GOOD, { ...OPTIONS, jobs });
    expect(comparable(analysis)).toEqual(comparable(await analyzerOf(family()).analyze(GOOD, OPTIONS)));
  });

  test('reports failed images with any kind of error, and analyses the rest', async () => {
    const images = ['memory:broken', ...GOOD.slice(0, 2), 'memory:defect', 'memory:missing'];
    const { images: good, failures } = await analyzerOf(family()).analyze(images, OPTIONS);
    expect(good.map(({ name }) => name)).toEqual(['memory:base', 'memory:clone']);
    expect(failures.map(({ path, error }) => [path, error.code])).toEqual([
      ['memory:broken', 'corrupt'],
      ['memory:defect', 'plugin'],
      ['memory:missing', 'unreadable'],
    ]);
  });

  test('rejects with the failure itself if fewer than two images remain', async () => {
    const analysis = analyzerOf(family()).analyze(['memory:base', 'memory:broken'], OPTIONS);
    await expect(analysis).rejects.toMatchObject({ code: 'corrupt', image: 'memory:broken' });
  });

  test.each([[[]], [['memory:base']]])('refuses %j, because it needs at least two images', async (images) => {
    const analysis = analyzerOf(family()).analyze(images, OPTIONS);
    await expect(analysis).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('at least two') });
  });

  test('does not read cached images, except for an image that has changed', async () => {
    const disks = family();
    const first = await analyzerOf(disks).analyze(GOOD, { ...OPTIONS, cache });
    expect(disks.opened.splice(0).toSorted()).toEqual(GOOD.toSorted());

    expect(comparable(await analyzerOf(disks).analyze(GOOD, { ...OPTIONS, cache }))).toEqual(comparable(first));
    expect(disks.opened).toEqual([]);

    disks.touch('memory:clone');
    await analyzerOf(disks).analyze(GOOD, { ...OPTIONS, cache });
    expect(disks.opened).toEqual(['memory:clone']);
  });

  test('reads a volatile image again', async () => {
    const disks = family();
    disks.makeVolatile('memory:other');
    await analyzerOf(disks).analyze(GOOD, { ...OPTIONS, cache });
    disks.opened.splice(0);
    await analyzerOf(disks).analyze(GOOD, { ...OPTIONS, cache });
    expect(disks.opened).toEqual(['memory:other']);
  });

  test('refuses an image that changed while it was read, and does not cache it', async () => {
    const disks = family();
    const onProgress = (event: ProgressEvent): void => {
      if (event.kind === 'image-started' && event.path === 'memory:clone') {
        disks.touch(event.path);
      }
    };
    const { failures } = await analyzerOf(disks).analyze(GOOD, { ...OPTIONS, cache, onProgress });
    expect(failures.map(({ path, error }) => [path, error.code])).toEqual([['memory:clone', 'changed']]);
    disks.opened.splice(0);
    await analyzerOf(disks).analyze(GOOD, { ...OPTIONS, cache });
    expect(disks.opened).toEqual(['memory:clone']);
  });

  test('reports when an image is identified, started, advanced and finished', async () => {
    const events: ProgressEvent[] = [];
    await analyzerOf(family()).analyze(GOOD.slice(0, 2), { ...OPTIONS, onProgress: (event) => events.push(event) });
    const eventsOfBase = events.filter((event) => 'path' in event && event.path === 'memory:base');
    expect(eventsOfBase).toMatchObject([
      { kind: 'image-identified', files: [] },
      { kind: 'image-started', bytes: 4096 },
      { kind: 'image-advanced', bytes: 4096 },
      { kind: 'image-finished', cached: false },
    ]);
    expect(events.slice(-2)).toEqual([
      { kind: 'comparing', fraction: 1 },
      { kind: 'clustering', images: 2 },
    ]);
  });

  test.each([
    ['metric', 'haming', "did you mean 'hamming'?"],
    ['hasher', 'checksun', "did you mean 'checksum'?"],
    ['reader', 'memry', "did you mean 'memory'?"],
    ['clusterer', 'fats', "did you mean 'fast'?"],
    ['linkage', 'singel', 'linkage'],
    ['blockSize', 1000, 'power of two'],
    ['blockSize', 256, '512'],
    ['jobs', 0, 'jobs'],
  ])('refuses %s %s before any image is opened', async (option, value, text) => {
    const disks = family();
    const analysis = analyzerOf(disks).analyze(GOOD, { ...OPTIONS, [option]: value });
    await expect(analysis).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(text) });
    expect(disks.opened).toEqual([]);
  });

  test('refuses a linkage that the clusterer does not support', async () => {
    const analysis = analyzerOf(family()).analyze(GOOD, { ...OPTIONS, clusterer: 'fast', linkage: 'centroid' });
    await expect(analysis).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('fast') });
  });

  test('lists only the options of the method for an unknown option', async () => {
    const analyzer = createAnalyzer({ plugins: [] });
    const wrong = { metrc: 'jaccard' } as never;
    const of = (method: string, options: string) => ({
      code: 'usage',
      message: `unknown option metrc of ${method}: expected one of ${options}`,
    });
    await expect(analyzer.compare([], wrong)).rejects.toMatchObject({ code: 'usage' });
    await expect(analyzer.cluster({ size: 1, values: new Float64Array(0) }, wrong)).rejects.toMatchObject(
      of('cluster', 'clusterer, linkage, onProgress, signal'),
    );
    await expect(analyzer.findImages([], wrong)).rejects.toMatchObject(
      of('findImages', 'allowInUse, recursive, exclude, onNote, signal'),
    );
    await expect(analyzer.diagnose(wrong)).rejects.toMatchObject(of('diagnose', 'signal'));
    const items = analyzer.analyzeDistances(['a'], { size: 1, values: new Float64Array(0) }, wrong);
    const used = 'metric, unit, algorithm, blockSize, clusterer, linkage, onProgress, signal';
    await expect(items).rejects.toMatchObject(of('analyzeDistances', `${used}; did you mean 'metric'?`));
  });

  test('refuses an unknown option', async () => {
    const analysis = analyzerOf(family()).analyze(GOOD, { ...OPTIONS, hahser: 'md5' } as AnalyzeOptions);
    await expect(analysis).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining("did you mean 'hasher'?"),
    });
  });

  test('accepts hash-vector files among the images, under the names of their images', async () => {
    const path = join(cache, '..', 'copy.arrow');
    for await (const outcome of analyzerOf(family()).hash(['memory:base'], OPTIONS)) {
      if (outcome.vector !== undefined) {
        await writeHashVector(outcome.vector, path);
      }
    }
    const { images, distances } = await analyzerOf(family()).analyze([path, 'memory:clone'], OPTIONS);
    expect(images[0]).toMatchObject({ name: 'memory:base', path, dataBlocks: 8, repeatedBlocks: 7 });
    expect([...distances.values]).toEqual([1]);
  });

  test.each([
    [
      { hasher: 'checksum' },
      { algorithm: 'md5' },
      "`hasher: 'checksum'` does not fit the hash vectors: found md5 digests of 512-byte blocks in PATH; pass `hasher: 'md5'`",
    ],
    [
      { blockSize: 512 },
      { blockSize: 1024 },
      '`blockSize: 512` does not fit the hash vectors: found checksum digests of 1024-byte blocks in PATH; pass `blockSize: 1024`',
    ],
  ])('refuses %j with a hash-vector file of %j', async (stated, change, text) => {
    const path = await writeVector('other.arrow', change);
    const message = `${text.replace('PATH', path)}, or hash their images again`;
    const analysis = analyzerOf(family()).analyze([path, ...GOOD], { jobs: 2, ...stated });
    await expect(analysis).rejects.toMatchObject({ code: 'usage', message });
  });

  test('fails an image whose hash-vector file has digests of another length', async () => {
    const path = await writeVector('other.arrow', { digestLength: 3 });
    const { failures } = await analyzerOf(family()).analyze([path, ...GOOD], OPTIONS);
    const message = expect.stringContaining('expected checksum digests of 4 bytes, found 3');
    expect(failures).toMatchObject([{ path, error: { code: 'corrupt', message, image: path } }]);
  });

  test('uses the hasher and block size of the hash-vector files among the images', async () => {
    const path = await writeVector('small.arrow', { blockSize: 512 });
    const { parameters, images } = await analyzerOf(family()).analyze([path, ...GOOD], { jobs: 2 });
    expect(parameters).toMatchObject({ algorithm: 'checksum', blockSize: 512 });
    expect(images).toHaveLength(GOOD.length + 1);
  });

  test('refuses hash-vector files that differ from each other, with one error that lists them', async () => {
    const changes = [{ blockSize: 1024 }, {}, {}, {}, {}, { algorithm: 'md5' }];
    const paths = await Promise.all(changes.map((change, index) => writeVector(`${index}.arrow`, change)));
    const [large, one, two, three, , md5] = paths;
    const message =
      `expected hash vectors of one hasher and block size, found checksum digests of 1024-byte blocks in ${large}, and ` +
      `checksum digests of 512-byte blocks in ${one}, ${two}, ${three} and 1 more, and ` +
      `md5 digests of 512-byte blocks in ${md5}; analyze those of each kind separately, or hash their images again`;
    await expect(analyzerOf(family()).analyze(paths, OPTIONS)).rejects.toMatchObject({ code: 'usage', message });
  });

  test('reports a hash-vector file that cannot be opened as a failure', async () => {
    const path = join(cache, '..', 'broken.arrow');
    await writeFile(path, 'no vector');
    const { failures, parameters } = await analyzerOf(family()).analyze([path, ...GOOD], OPTIONS);
    expect(failures).toMatchObject([{ path, error: { code: 'corrupt' } }]);
    expect(parameters.blockSize).toBe(512);
  });

  test('counts an image only once if it is named twice, with a note', async () => {
    const notes: string[] = [];
    const onNote = (_level: string, message: string) => notes.push(message);
    const { images } = await analyzerOf(family()).analyze([...GOOD, GOOD[0]!], { ...OPTIONS, onNote });
    expect(images.map(({ path }) => path)).toEqual(GOOD);
    expect(notes).toContain(`${GOOD[0]} is named twice; it is compared once, as ${GOOD[0]}`);
  });

  test('does not repeat notes about directories for images that findImages returned', async () => {
    const directory = join(cache, '..', 'pool');
    await mkdir(join(directory, 'sub'), { recursive: true });
    await writeVector('pool/v.arrow');
    const analyzer = analyzerOf(family());
    const notes: string[] = [];
    const onNote = (_level: string, message: string) => notes.push(message);
    const found = await analyzer.findImages([directory, ...GOOD], { onNote });
    const notesOfFinding = notes.length;
    expect(notesOfFinding).toBeGreaterThan(0);
    await analyzer.analyze(found, { ...OPTIONS, onNote });
    expect(notes.slice(notesOfFinding).filter((note) => note.includes('left out'))).toEqual([]);
  });

  test('ends when it is interrupted', async () => {
    const stop = new AbortController();
    const analysis = analyzerOf(family()).analyze(GOOD, {
      ...OPTIONS,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    await expect(analysis).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('hash', () => {
  test('yields the outcome of each image', async () => {
    const outcomes = [];
    for await (const outcome of analyzerOf(family()).hash(['memory:base', 'memory:broken'], OPTIONS)) {
      outcomes.push(outcome.error !== undefined ? outcome.error.code : outcome.vector.dataBlocks);
    }
    expect(outcomes.toSorted()).toEqual([8, 'corrupt']);
  });

  test('ends without an error when the consumer stops early', async () => {
    for await (const outcome of analyzerOf(family()).hash(GOOD, OPTIONS)) {
      expect(outcome.path).toMatch(/^memory:/);
      break;
    }
  });
});

describe('plugins', () => {
  test('are listed by kind, name and origin', () => {
    const { registrations } = analyzerOf(family());
    expect(registrations).toContainEqual({
      kind: 'hasher',
      name: 'checksum',
      plugin: 'checksums',
      url: checksums.url,
    });
    expect(analyzerOf(family()).hasherVersion('checksum')).toMatch(/^module-sha256:[0-9a-f]{32}$/);
    expect(registrations).toContainEqual({ kind: 'reader', name: 'memory', plugin: 'memory-disks', url: undefined });
    expect(registrations.filter(({ kind }) => kind === 'metric').map(({ name }) => name)).toEqual([
      'hamming',
      'hamming-fraction',
      'jaccard',
      'containment',
      'shared-content',
      'shared-blocks',
    ]);
  });

  test('are named in the error if they cannot be constructed', () => {
    class Thrower {
      constructor() {
        throw new Error('no');
      }
    }
    const plugin = { name: 'thrower', reporters: { thrower: Thrower as never } } satisfies Plugin;
    expect(() => createAnalyzer({ plugins: [plugin] }).reporters).toThrow(
      'cannot construct reporter thrower of plugin thrower: no',
    );
  });

  test('can report an analysis, with options', async () => {
    expect(await textOf('count', {})).toBe('2 images\n');
    expect(await textOf('count', { unit: 'disks' })).toBe('2 disks\n');
  });

  test.each([
    ['cuont', {}, "did you mean 'count'?"],
    ['count', { untis: 'disks' }, "did you mean 'unit'?"],
    ['count', { unit: 'disk' }, "did you mean 'disks'?"],
    ['count', { unit: true as const }, 'option unit of reporter count: expected one of images, disks; found true'],
    ['failing', { unit: 'disks' }, 'unknown option unit of reporter failing: it has no options'],
  ])('refuse the report %s with options %j', async (name, options, text) => {
    await expect(textOf(name, options)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(text),
    });
  });

  test('are named in the error if they fail to cluster', async () => {
    class LostClusterer {
      readonly linkages = LINKAGES;
      cluster = () => Promise.reject(new Error('no trees here'));
    }
    const analyzer = createAnalyzer({
      plugins: [checksums, family(), { name: 'p', clusterers: { lost: LostClusterer } }],
    });
    await expect(analyzer.analyze(GOOD, { ...OPTIONS, clusterer: 'lost' })).rejects.toMatchObject({
      code: 'plugin',
      message: '[lost] the clusterer failed: no trees here',
    });
  });

  test('are named in the error if they fail to report', async () => {
    await expect(textOf('failing', {})).rejects.toMatchObject({
      code: 'plugin',
      message: '[failing] the reporter failed: out of ink',
    });
  });
});

class CountReporter implements Reporter {
  readonly extension = '.count';
  readonly mediaType = 'text/plain';
  readonly options: OptionDeclarations = {
    unit: { type: 'enum', values: ['images', 'disks'], default: 'images', description: 'what to count' },
  };

  *report({ images }: Analysis, { unit }: OptionValues): Iterable<string> {
    yield `${images.length} `;
    yield `${unit}\n`;
  }
}

class FailingReporter implements Reporter {
  readonly extension = '.failing';
  readonly mediaType = 'text/plain';

  // biome-ignore lint/correctness/useYield: it fails before it yields
  *report(): Iterable<string> {
    throw new Error('out of ink');
  }
}

async function textOf(name: string, options: Record<string, string | true>): Promise<string> {
  const plugin = { name: 'counts', reporters: { count: CountReporter, failing: FailingReporter } };
  const analyzer = createAnalyzer({ plugins: [checksums, family(), plugin] });
  const analysis = await analyzer.analyze(['memory:base', 'memory:clone'], OPTIONS);
  let text = '';
  for await (const piece of analyzer.report(name, analysis, options)) {
    text += piece;
  }
  return text;
}

function analyzerOf(disks: MemoryDisksPlugin): ReturnType<typeof createAnalyzer> {
  return createAnalyzer({ plugins: [checksums, disks] });
}
