import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  blockHasherContract,
  type ContractTest,
  clustererContract,
  diskReaderContract,
  distanceMetricContract,
  reporterContract,
} from '@virt-similarity/contract-tests';
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

/** The titles of the tests that fail; each by an assertion. */
async function failuresOf(tests: readonly ContractTest[]): Promise<string[]> {
  const failures: string[] = [];
  for (const { title, run } of tests) {
    await run().catch((thrown: unknown) => {
      expect(thrown).toMatchObject({ code: 'ERR_ASSERTION' });
      failures.push(title);
    });
  }
  return failures;
}

describe('the contract of hashers', () => {
  const digestOf = (block: Uint8Array): Buffer => createHash('sha256').update(block).digest();
  const hasher = (more: Partial<BlockHasher>): BlockHasher => ({
    digestLength: 32,
    hash: (block, digest) => digest.set(digestOf(block)),
    ...more,
  });

  test('is kept by one that must be prepared', async () => {
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
      'gives different digests for blocks that differ in one bit',
    ],
    [
      'that ignores the order of bytes',
      { hash: (block, digest) => digest.set(digestOf(Uint8Array.from(block).sort())) },
      'gives different digests for the same bytes in another order',
    ],
    [
      'that knows a block by its memory',
      {
        hash: (block, digest) => {
          const known = seen.get(block) ?? digestOf(block);
          seen.set(block, known);
          digest.set(known);
        },
      },
      'gives different digests for blocks that differ in one bit',
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
  ])('is not kept by one %s', async (_, broken, title) => {
    expect(await failuresOf(blockHasherContract(() => hasher(broken)))).toContain(title);
  });
});

test.each<[string, Partial<DistanceMetric>, string]>([
  ['that finds no difference', { distance: () => 0 }, 'tells apart images that have nothing in common'],
  ['with a unit of two lines', { unit: 'blocks\nof 64K' }, 'states its unit and what it looks at'],
  [
    'that changes the counts',
    { distance: (counts) => Object.assign(counts, { equal: 0 }).different },
    'gives the same distance again, whatever it was asked between',
  ],
])('the contract of metrics is not kept by one %s', async (_, broken, title) => {
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
    'that uses the matrix for its own ends',
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
    'joins the closest clusters first, of random distances',
  ],
  ['that returns nothing', { cluster: () => undefined as never }, 'gives well-formed dendrograms of one item'],
  ['with one linkage as text', { linkages: 'single' as never }, 'takes at least one linkage, each listed once'],
])('the contract of clusterers is not kept by one %s', async (_, broken, title) => {
  const clusterer: Clusterer = {
    linkages: ['single', 'average'],
    cluster: (matrix, linkage) => fast.cluster(matrix, linkage),
    ...broken,
  };
  expect(await failuresOf(clustererContract(() => clusterer))).toContain(title);
});

describe('the contract of reporters', () => {
  const reporter = (more: Partial<Reporter>): Reporter => ({
    extension: '.x',
    mediaType: 'text/plain',
    report: ({ images }) => [`${images.length}\n`],
    ...more,
  });

  test('is kept by one that counts on the defaults of its options', async () => {
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
      'tells of names that hold any characters',
    ],
    [
      'that gives a default out of range',
      { options: { depth: { type: 'number', max: 1, default: 2, description: 'levels' } } },
      'describes its options, with defaults that are valid',
    ],
    [
      'that fails at an end of a range',
      {
        options: { depth: { type: 'number', min: 0, max: 9, description: 'levels' } },
        report: (_, { depth = 1 }) => ['x'.repeat(Number(depth) - 1), '\n'],
      },
      'tells an analysis in strings, the last ending with a newline',
    ],
    [
      'whose companion has something to say where it should be empty',
      {
        options: { all: { type: 'boolean', description: 'everything' } },
        companion: { extension: '.y', emptyWith: { all: true }, report: () => ['x\n'] },
      },
      'has a companion that is empty where it says so, and then not missed',
    ],
    [
      'whose companion is missed though it is empty',
      { companion: { extension: '.y', report: () => [], omission: () => ['all names'] } },
      'has a companion that is empty where it says so, and then not missed',
    ],
  ])('is not kept by one %s', async (_, broken, title) => {
    expect(await failuresOf(reporterContract(() => reporter(broken)))).toContain(title);
  });
});

describe('the contract of readers', () => {
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
  /** A reader of images with some members of their own. */
  const opening = (more: (image: DiskImage) => Partial<DiskImage>): Partial<DiskReader> => ({
    async open(source, identity, options) {
      const image = await raw.open(source, identity, options);
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

  test('is kept by a sound one', async () => {
    expect(await failuresOf(contractOf(opening(() => ({}))))).toEqual([]);
  });

  test.each<[string, Partial<DiskReader>, string]>([
    ['that identifies an image as nothing', { identify: async () => null as never }, 'takes the image'],
    ['that identifies an image without a chain', { identify: async () => ({}) as ImageIdentity }, 'takes the image'],
    ['that identifies an image by no link', { identify: async () => ({ chain: [] }) }, 'takes the image'],
    ['with an extension in upper case', { extensions: ['.RAW'] }, 'says what it reads in the usual form'],
    ['with one format as text', { formats: 'raw' as never }, 'says what it reads in the usual form'],
    [
      'whose extents are there only once',
      opening((image) => {
        let extents: AsyncIterable<never> | ReturnType<DiskImage['extents']> = image.extents();
        return {
          async *extents() {
            yield* extents;
            extents = (async function* () {})();
          },
        };
      }),
      'gives extents that cover the whole disk in order',
    ],
    [
      'with extents of a kind of its own',
      opening(({ virtualSize }) => ({
        async *extents() {
          yield { kind: 'hole' as never, start: 0, length: virtualSize };
        },
      })),
      'gives extents that cover the whole disk in order',
    ],
    [
      'whose extents are stored in a file that is not of the chain',
      opening(({ virtualSize }) => ({
        async *extents() {
          yield { kind: 'data', start: 0, length: virtualSize, stored: { file: 7, offset: 0 } };
        },
      })),
      'tells truly where data is stored verbatim',
    ],
    [
      'that writes beside the target',
      opening((image) => ({
        async read(target, position) {
          await image.read(target, position);
          new Uint8Array(target.buffer).fill(1, target.byteOffset + target.length);
        },
      })),
      'reads any range exactly',
    ],
    [
      'that takes the target for a whole buffer',
      opening((image) => ({
        async read(target, position) {
          await image.read(new Uint8Array(target.buffer, 0, target.length), position);
        },
      })),
      'reads any range exactly',
    ],
    [
      'that reads on after the signal fired',
      { open: (source, identity, { signal: _, ...options }) => raw.open(source, identity, options) },
      'reads no more once the signal has fired',
    ],
    [
      'whose session opens nothing',
      { startSession: () => ({ open: () => Promise.reject(new Error('none')), close: async () => {} }) },
      'opens in a session what it opens by itself, if it has sessions',
    ],
    [
      'that finds no map of parts',
      { partsIn: async () => undefined as never },
      'finds the parts of images in a directory, if it looks for them',
    ],
    [
      'whose diagnosis lists nothing',
      { diagnose: async () => ({}) as never },
      'is diagnosed by what it needs, if it says so',
    ],
  ])('is not kept by one %s', async (_, broken, title) => {
    expect(await failuresOf(contractOf(broken))).toContain(title);
  });
});
