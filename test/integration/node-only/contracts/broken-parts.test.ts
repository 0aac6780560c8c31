import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type BlockHasher,
  type Clusterer,
  type DiskImage,
  type DiskReader,
  type DistanceMetric,
  FastClusterer,
  type ImageIdentity,
  type Reporter,
} from '@virt-similarity/core';
import { RawReader } from '@virt-similarity/readers';
import {
  blockHasherContract,
  type ContractTest,
  clustererContract,
  diskReaderContract,
  distanceMetricContract,
  reporterContract,
} from '@virt-similarity/testing';

/** Returns the titles of the tests that fail. Each must fail with an `AssertionError`. */
async function failuresOf(tests: readonly ContractTest[]): Promise<string[]> {
  const failures: string[] = [];
  for (const { title, run } of tests) {
    await run().catch((thrown: unknown) => {
      expect(thrown).toMatchObject({ code: 'ERR_ASSERTION' });
      expectAdvice(thrown as Error, title);
      failures.push(title);
    });
  }
  return failures;
}

/**
 * Expects that a failure states the requirement, a problem in words instead of code, and where the contract is
 * documented.
 */
function expectAdvice({ message }: Error, title: string): void {
  const [requirement, problem, contract] = message.split('\n');
  const [, part] = /^expected: every (\w+) /.exec(requirement!) ?? [];
  expect(requirement).toBe(`expected: every ${part} ${title}`);
  expect(problem).toMatch(/^problem: ./);
  expect(problem).not.toMatch(/falsy value|strictly (?:deep-)?equal|rejection[^:]*\.$/);
  const [, file] = /dist\/contracts\/([\w.-]+)$/.exec(contract!) ?? [];
  const documents = dirname(createRequire(import.meta.url).resolve('@virt-similarity/core/contracts'));
  expect(readFileSync(join(documents, file!), 'utf8')).toContain(`export interface ${part} `);
}

describe('the hasher contract', () => {
  const digestOf = (block: Uint8Array): Buffer => createHash('sha256').update(block).digest();
  const hasher = (more: Partial<BlockHasher>): BlockHasher => ({
    digestLength: 32,
    hash: (block, digest) => digest.set(digestOf(block)),
    ...more,
  });

  test('accepts a hasher that must be prepared', async () => {
    const create = (): BlockHasher => {
      let isReady = false;
      return hasher({
        prepare: async () => {
          isReady = true;
        },
        hash: (block, digest) => digest.set(isReady ? digestOf(block) : []),
      });
    };
    expect(await failuresOf(blockHasherContract(create))).toEqual([]);
  });

  const seen = new WeakMap<Uint8Array, Buffer>();
  test.each<[string, Partial<BlockHasher>, string]>([
    [
      'that ignores the middle of a block',
      {
        hash: (block, digest) => digest.set(digestOf(Buffer.concat([block.subarray(0, 2000), block.subarray(-2000)]))),
      },
      'computes different digests for blocks that differ in one bit',
    ],
    [
      'that ignores the order of bytes',
      { hash: (block, digest) => digest.set(digestOf(Uint8Array.from(block).sort())) },
      'computes different digests for the same bytes in another order',
    ],
    [
      'that caches the digest of a buffer although its content changes',
      {
        hash: (block, digest) => {
          const known = seen.get(block) ?? digestOf(block);
          seen.set(block, known);
          digest.set(known);
        },
      },
      'computes different digests for blocks that differ in one bit',
    ],
    [
      'that cannot be prepared',
      { prepare: () => Promise.reject(new Error('no WebAssembly')) },
      'hashes blocks of any length',
    ],
    [
      'that throws',
      {
        hash: () => {
          throw new Error('out of sorts');
        },
      },
      'hashes blocks of any length',
    ],
  ])('rejects a hasher %s', async (_, broken, title) => {
    expect(await failuresOf(blockHasherContract(() => hasher(broken)))).toContain(title);
  });
});

test.each<[string, Partial<DistanceMetric>, string]>([
  ['that finds no difference', { distance: () => 0 }, 'does not return 0 for images that have nothing in common'],
  ['with a unit of two lines', { unit: 'blocks\nof 64K' }, 'states its unit and alignment'],
  [
    'that changes the counts',
    { distance: (counts) => Object.assign(counts, { equal: 0 }).different },
    'returns the same distance again after other calls',
  ],
])('the metric contract rejects a metric %s', async (_, broken, title) => {
  const metric: DistanceMetric = {
    unit: 'blocks',
    alignment: 'position',
    distance: ({ different }) => different,
    ...broken,
  };
  expect(await failuresOf(distanceMetricContract(() => metric))).toContain(title);
});

const fast = new FastClusterer();
test.each<[string, Partial<Clusterer>, string]>([
  [
    'that overwrites the matrix',
    {
      cluster(matrix, linkage) {
        const dendrogram = fast.cluster(matrix, linkage);
        matrix.values.fill(0);
        return dendrogram;
      },
    },
    'does not change the matrix',
  ],
  [
    'that rounds heights',
    {
      cluster(matrix, linkage) {
        const { merges, ...dendrogram } = fast.cluster(matrix, linkage);
        return { ...dendrogram, merges: merges.map((merge) => ({ ...merge, height: Math.round(merge.height) })) };
      },
    },
    'joins the closest clusters first for random distances',
  ],
  ['that returns nothing', { cluster: () => undefined as never }, 'returns well-formed dendrograms of one item'],
  ['whose linkages are a string', { linkages: 'single' as never }, 'lists at least one linkage, each once'],
])('the clusterer contract rejects a clusterer %s', async (_, broken, title) => {
  const clusterer: Clusterer = {
    linkages: ['single', 'average'],
    cluster: (matrix, linkage) => fast.cluster(matrix, linkage),
    ...broken,
  };
  expect(await failuresOf(clustererContract(() => clusterer))).toContain(title);
});

describe('the reporter contract', () => {
  const reporter = (more: Partial<Reporter>): Reporter => ({
    extension: '.x',
    mediaType: 'text/plain',
    report: ({ images }) => [`${images.length}\n`],
    ...more,
  });

  test('accepts a reporter that relies on the defaults of its options', async () => {
    const options = { title: { type: 'string', default: 'images', description: 'first line' } } as const;
    const create = () => reporter({ options, report: (_, { title }) => [`${(title as string).toUpperCase()}\n`] });
    expect(await failuresOf(reporterContract(create))).toEqual([]);
  });

  test.each<[string, Partial<Reporter>, string]>([
    [
      'that prints',
      {
        report: () => {
          console.log('done');
          return ['x\n'];
        },
      },
      'prints nothing',
    ],
    [
      'that lets escape sequences through',
      { report: ({ images }) => images.map(({ name }) => `${name}\n`) },
      'reports names with any characters',
    ],
    [
      'with a default out of range',
      { options: { depth: { type: 'number', max: 1, default: 2, description: 'levels' } } },
      'describes its options, with defaults that are valid',
    ],
    [
      'that fails at the minimum of a range',
      {
        options: { depth: { type: 'number', min: 0, max: 9, description: 'levels' } },
        report: (_, { depth = 1 }) => ['x'.repeat(Number(depth) - 1), '\n'],
      },
      'reports an analysis as text that ends with a newline, or as bytes if it is binary',
    ],
    [
      'whose companion is not empty with the options in emptyWith',
      {
        options: { all: { type: 'boolean', description: 'everything' } },
        companion: { extension: '.y', emptyWith: { all: true }, report: () => ['x\n'] },
      },
      'has an empty companion with each option of emptyWith, if it has a companion',
    ],
    [
      'whose warnings depend on whether an empty companion is written',
      {
        companion: { extension: '.y', report: () => [] },
        warnings: (_analysis, _options, { isCompanionWritten }) => (isCompanionWritten ? [] : ['all names']),
      },
      'returns warnings of one line each, which do not depend on whether an empty companion is written',
    ],
    [
      'with a warning of two lines',
      { warnings: () => ['one\ntwo'] },
      'returns warnings of one line each, which do not depend on whether an empty companion is written',
    ],
    [
      'that is binary and yields text',
      { isBinary: true },
      'reports an analysis as text that ends with a newline, or as bytes if it is binary',
    ],
  ])('rejects a reporter %s', async (_, broken, title) => {
    expect(await failuresOf(reporterContract(() => reporter(broken)))).toContain(title);
  });
});

describe('the reader contract', () => {
  const content = Buffer.alloc(200_000, 'abc');
  const raw = new RawReader();
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'broken-parts-'));
    await writeFile(join(directory, 'a.raw'), content);
  });
  afterAll(() => rm(directory, { recursive: true }));

  const contractOf = (more: Partial<DiskReader>): ContractTest[] =>
    diskReaderContract(async () => ({
      reader: {
        identify: (source, options) => raw.identify(source, options),
        open: (source, identity, options) => raw.open(source, identity, options),
        ...more,
      },
      image: {
        source: { path: join(directory, 'a.raw'), format: 'raw' },
        options: { allowedDirectories: [directory] },
        content,
      },
    }));
  /** Returns an `open` method for raw images. The members that `more` returns replace members of the opened image. */
  const openingWith = (more: (image: DiskImage) => Partial<DiskImage>): Partial<DiskReader> => ({
    async open(source, identity, options) {
      const image = (await raw.open(source, identity, options)) as DiskImage;
      return {
        virtualSize: image.virtualSize,
        identity: image.identity,
        extents: () => image.extents(),
        read: (target, position) => image.read(target, position),
        close: () => image.close(),
        ...more(image),
      };
    },
  });

  test('accepts a valid reader', async () => {
    expect(await failuresOf(contractOf(openingWith(() => ({}))))).toEqual([]);
  });

  test.each<[string, Partial<DiskReader>, string]>([
    ['that identifies an image as null', { identify: async () => null as never }, 'identifies the image'],
    [
      'that identifies an image without a chain',
      { identify: async () => ({}) as ImageIdentity },
      'identifies the image',
    ],
    ['that identifies an image with an empty chain', { identify: async () => ({ chain: [] }) }, 'identifies the image'],
    ['with an extension in upper case', { extensions: ['.RAW'] }, 'declares valid extensions and formats'],
    ['whose formats are a string', { formats: 'raw' as never }, 'declares valid extensions and formats'],
    [
      'that lists extents only once',
      openingWith((image) => {
        let extents: AsyncIterable<never> | ReturnType<DiskImage['extents']> = image.extents();
        return {
          async *extents() {
            yield* extents;
            extents = (async function* () {})();
          },
        };
      }),
      'returns extents that cover the complete disk in order',
    ],
    [
      'with extents of an unknown kind',
      openingWith(({ virtualSize }) => ({
        async *extents() {
          yield { kind: 'hole' as never, start: 0, length: virtualSize };
        },
      })),
      'returns extents that cover the complete disk in order',
    ],
    [
      'whose extents are stored in a file outside the chain',
      openingWith(({ virtualSize }) => ({
        async *extents() {
          yield { kind: 'data', start: 0, length: virtualSize, stored: { file: 7, offset: 0 } };
        },
      })),
      'reports correctly where data is stored verbatim',
    ],
    [
      'that writes outside the target',
      openingWith((image) => ({
        async read(target, position) {
          await image.read(target, position);
          new Uint8Array(target.buffer).fill(1, target.byteOffset + target.length);
        },
      })),
      'reads any range exactly',
    ],
    [
      'that ignores the offset of the target in its buffer',
      openingWith((image) => ({
        async read(target, position) {
          await image.read(new Uint8Array(target.buffer, 0, target.length), position);
        },
      })),
      'reads any range exactly',
    ],
    [
      'that continues to read after the signal has fired',
      { open: (source, identity, { signal: _, ...options }) => raw.open(source, identity, options) },
      'does not read after the signal has fired',
    ],
    [
      'whose session opens nothing',
      { startSession: () => ({ open: () => Promise.reject(new Error('none')), close: async () => {} }) },
      'opens the same image in a session, if it has sessions',
    ],
    [
      'that returns no map of parts',
      { partsIn: async () => undefined as never },
      'does not report the image as a part of another image, if it lists parts',
    ],
    [
      'that gives two images in a file the same name',
      { imagesIn: async () => ['disk.img', 'disk.img'] },
      'returns distinct names of the images in a file, if it lists them',
    ],
    [
      'whose diagnosis is empty',
      { diagnose: async () => ({}) as never },
      'returns a consistent diagnosis, if it supports this',
    ],
  ])('rejects a reader %s', async (_, broken, title) => {
    expect(await failuresOf(contractOf(broken))).toContain(title);
  });
});
