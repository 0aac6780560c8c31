import { describe, expect, test } from '@jest/globals';
import {
  type Analysis,
  type AnalyzeOptions,
  type Analyzer,
  type AnalyzerParts,
  createAnalyzer,
  type DiskSource,
  extendedMatrix,
  type HashVector,
  hashVectorFromBytes,
  hashVectorToBytes,
  type ImageIdentity,
  type Stamp,
} from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import reporters, { parseJsonReport } from '@virt-similarity/reporters';
import { MemoryDisksPlugin } from '@virt-similarity/testing';
import fc from 'fast-check';
import { exampleVector, IDENTITY } from '../vectors/example-vectors.js';

const DISKS = Object.fromEntries(
  [1, 2, 3, 4, 5].map((disk) => [`memory:${disk}`, Uint8Array.from({ length: 4096 }, (_, byte) => (byte >> 9) % disk)]),
);
const PATHS = Object.keys(DISKS);

function analyzerOf(): Analyzer {
  return createAnalyzer({ plugins: [new MemoryDisksPlugin(DISKS), hashers, reporters] });
}

async function vectorsOf(analyzer: Analyzer): Promise<HashVector[]> {
  const analysis = await analyzer.analyze(PATHS, { blockSize: 512 });
  return analysis.images.map(({ vector }) => vector!);
}

/** Returns the members that an extended analysis must share with an analysis of all images. */
function comparable({ images, ...analysis }: Analysis) {
  return { ...analysis, images: images.map(({ repeatedBlocks: _, vector: __, ...image }) => image) };
}

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) {
    text += piece;
  }
  return text;
}

describe('an analysis of hash vectors', () => {
  test('equals the analysis of their images', async () => {
    const analyzer = analyzerOf();
    const analysis = await analyzer.analyze(PATHS, { blockSize: 512, linkage: 'average' });
    const vectors = analysis.images.map(({ vector }) => vector!);
    expect(await analyzer.analyzeVectors(vectors, { linkage: 'average' })).toEqual(analysis);
  });

  test('accepts vectors from bytes', async () => {
    const analyzer = analyzerOf();
    const vectors = await vectorsOf(analyzer);
    const copies = await Promise.all(
      vectors.map(async (vector) => hashVectorFromBytes(await hashVectorToBytes(vector))),
    );
    const analysis = await analyzer.analyzeVectors(copies);
    expect(comparable(analysis)).toEqual(comparable(await analyzer.analyzeVectors(vectors)));
  });

  test('can have only one image', async () => {
    const { images, dendrogram } = await analyzerOf().analyzeVectors([exampleVector(3)]);
    expect(images).toMatchObject([{ name: 'disk.qcow2', dataBlocks: 3, repeatedBlocks: 0 }]);
    expect(dendrogram.merges).toEqual([]);
  });

  test.each([
    ['an empty list', [], 'found none'],
    ['vectors of different block sizes', [exampleVector(3), exampleVector(3, { blockSize: 512 })], '512-byte blocks'],
  ])('refuses %s', async (_, vectors, message) => {
    const analysis = analyzerOf().analyzeVectors(vectors);
    await expect(analysis).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(message) });
  });
});

describe('an extended analysis', () => {
  test.each(['hamming', 'jaccard', 'containment', 'shared-content', 'shared-blocks'])(
    'equals the analysis of all images by %s, for any split',
    async (metric) => {
      const analyzer = analyzerOf();
      const vectors = await vectorsOf(analyzer);
      const whole = await analyzer.analyzeVectors(vectors, { metric, linkage: 'average' });
      for (let known = 1; known <= vectors.length; known++) {
        const first = await analyzer.analyzeVectors(vectors.slice(0, known), { metric, linkage: 'average' });
        const extended = await analyzer.extend(first, vectors.slice(known), { linkage: undefined });
        expect(comparable(extended)).toEqual(comparable(whole));
      }
    },
  );

  test('keeps the names of its images, and assigns unique names to new ones', async () => {
    const analyzer = analyzerOf();
    const named = (name: string): HashVector => ({ ...exampleVector(3), name });
    const analysis = await analyzer.analyzeVectors([named('/a/web.img'), named('/a/db.img')]);
    const { images } = await analyzer.extend(analysis, [named('/b/web.img'), named('/c/db.img')]);
    const names = images.map(({ name }) => name);
    expect(names.slice(0, 2)).toEqual(['web.img', 'db.img']);
    expect(new Set(names).size).toBe(4);
  });

  test('uses another linkage on request', async () => {
    const analyzer = analyzerOf();
    const [last, ...vectors] = await vectorsOf(analyzer);
    const analysis = await analyzer.analyzeVectors(vectors);
    const { parameters } = await analyzer.extend(analysis, [last!], { linkage: 'complete' });
    expect(parameters).toMatchObject({ linkage: 'complete', metric: 'hamming' });
  });

  test('is refused if images have no vectors, or if an image would occur twice', async () => {
    const analyzer = analyzerOf();
    const vectors = await vectorsOf(analyzer);
    const analysis = await analyzer.analyzeVectors(vectors.slice(0, 2));
    const without = { ...analysis, images: analysis.images.map(({ vector: _, ...image }) => image) };
    await expect(analyzer.extend(without, vectors.slice(2))).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('found memory:1 without one'),
    });
    await expect(analyzer.extend(analysis, vectors.slice(1))).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('found memory:2 twice'),
    });
  });

  test('has a matrix with each distance at the index of its pair', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), (first, second) => {
        const distanceOf = (i: number, j: number): number => 100 * i + j;
        const matrixOf = (from: number, to: number) => {
          const values: number[] = [];
          for (let i = from; i < to; i++) {
            for (let j = i + 1; j < to; j++) {
              values.push(distanceOf(i, j));
            }
          }
          return { size: to - from, values: Float64Array.from(values) };
        };
        const between = Float64Array.from({ length: first * second }, (_, pair) =>
          distanceOf(pair % first, first + Math.floor(pair / first)),
        );
        const all = first + second;
        expect(extendedMatrix(matrixOf(0, first), between, matrixOf(first, all))).toEqual(matrixOf(0, all));
      }),
    );
  });

  test('refuses a wrong number of distances', () => {
    const one = { size: 1, values: new Float64Array(0) };
    expect(() => extendedMatrix({ size: 2, values: new Float64Array(2) }, new Float64Array(2), one)).toThrow(
      'expected 1 distances of 2 items, found 2',
    );
    expect(() => extendedMatrix(one, new Float64Array(2), one)).toThrow(
      'expected 1 × 1 distances between the items, found 2',
    );
  });
});

describe('invalid input', () => {
  const analyzer = analyzerOf();
  const [one] = [exampleVector(3)];

  test('is refused with advice on what to pass instead', async () => {
    const analysis = await analyzer.analyzeVectors([one!]);
    const refused = async (call: Promise<unknown>, message: string): Promise<void> => {
      await expect(call).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(message) });
    };
    const wrong = (value: unknown) => value as never;
    await refused(analyzer.analyze(wrong('a.raw')), "found 'a.raw'; write [image]");
    await refused(
      analyzer.analyzeVectors(wrong(['a.arrow'])),
      "analyzeVectors: expected hash vectors, found 'a.arrow'",
    );
    await refused(analyzer.extend(analysis, wrong(one)), 'extend: expected a list of hash vectors, found');
    await refused(
      analyzer.extend(analysis, wrong([{ path: 'a', vector: one }])),
      'pass the vector of an outcome of hash',
    );
    await refused(analyzer.extend(analysis, [one!], wrong({ metric: 'jaccard' })), 'keeps the metric of the analysis');
    const plain = { size: 2, values: [1] };
    await refused(analyzer.analyzeDistances(['a', 'b'], wrong(plain)), 'values in a Float64Array, found');
    expect(() => createAnalyzer(wrong(undefined))).toThrow('createAnalyzer: expected { plugins }, found undefined');
  });

  test('includes an analysis whose vectors were exchanged, or whose images are fewer than its distances', async () => {
    const vectors = ['a', 'b', 'c'].map((name, index) => exampleVector(3 + index, { name }));
    const analysis = await analyzer.analyzeVectors(vectors.slice(0, 2));
    const exchanged = analysis.images.map((image, index) => ({ ...image, vector: vectors[1 - index]! }));
    const found = 'expected the hash vector of a to have 3 sha256 digests of 65536-byte blocks';
    await expect(analyzer.extend({ ...analysis, images: exchanged }, vectors.slice(2))).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(found),
    });
    const { images } = analysis;
    await expect(analyzer.extend({ ...analysis, images: images.slice(1) }, vectors.slice(2))).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('found 1 images and distances of 2'),
    });
  });

  test('includes a vector of an image that has changed, even if its counts are equal', async () => {
    const vectors = ['a', 'b', 'c'].map((name) => exampleVector(3, { name, identity: IDENTITY }));
    const made = await analyzer.analyzeVectors(vectors.slice(0, 2));
    const analysis = parseJsonReport(await textOf(analyzer.report('json', made)));
    const rewritten = {
      chain: IDENTITY.chain.map((link) => ({
        ...link,
        parts: link.parts.map((part) => ({ ...part, ctimeNs: 9n }) as Stamp),
      })),
    };
    const extendWith = (identity: ImageIdentity) => {
      const images = analysis.images.map((image) => ({
        ...image,
        vector: exampleVector(3, { name: image.path, identity }),
      }));
      return analyzer.extend({ ...analysis, images }, vectors.slice(2));
    };
    expect((await extendWith(IDENTITY)).images).toHaveLength(3);
    await expect(extendWith(rewritten)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('of a that was analyzed, found another (its files have changed)'),
    });
  });

  test('does not include vectors that are instances of a class', async () => {
    class OwnVector implements HashVector {
      readonly #vector = exampleVector(4);
      readonly name = 'own';
      get algorithm() {
        return this.#vector.algorithm;
      }
      get digestLength() {
        return this.#vector.digestLength;
      }
      get blockSize() {
        return this.#vector.blockSize;
      }
      get virtualSize() {
        return this.#vector.virtualSize;
      }
      get dataBlocks() {
        return this.#vector.dataBlocks;
      }
      rows() {
        return this.#vector.rows();
      }
    }
    const analysis = await analyzer.analyzeVectors([one!]);
    const extended = await analyzer.extend(analysis, [new OwnVector()]);
    expect(extended.images).toMatchObject([{ dataBlocks: 3 }, { path: 'own', dataBlocks: 4 }]);
    const renamed = { ...extended, images: extended.images.map((image) => ({ ...image, path: `/${image.path}` })) };
    expect((await analyzer.extend(renamed, [])).images[1]).toMatchObject({ path: '/own' });
  });
});

describe('an analysis of distances', () => {
  const distances = { size: 3, values: Float64Array.of(2, 8, 6) };

  test('can be reported', async () => {
    const analyzer = analyzerOf();
    const analysis = await analyzer.analyzeDistances(['a', 'b', 'c'], distances, { linkage: 'average' });
    expect(await textOf(analyzer.report('newick', analysis))).toBe('((a:1,b:1):2.5,c:3.5);\n');
    expect(analysis.parameters).toEqual({
      algorithm: 'none',
      blockSize: 65_536,
      metric: 'given',
      unit: 'blocks',
      linkage: 'average',
    });
  });

  test('keeps the known properties of its items', async () => {
    const options = { metric: 'edit', unit: 'letters' };
    const items = [{ name: 'a', path: '/srv/a', virtualSize: 512, dataBlocks: 1 }, 'b', { name: 'c' }];
    const { images, parameters } = await analyzerOf().analyzeDistances(items, distances, options);
    expect(images).toEqual([
      { name: 'a', path: '/srv/a', virtualSize: 512, dataBlocks: 1 },
      { name: 'b', path: 'b', virtualSize: 0, dataBlocks: 0 },
      { name: 'c', path: 'c', virtualSize: 0, dataBlocks: 0 },
    ]);
    expect(parameters).toMatchObject({ metric: 'edit', unit: 'letters' });
  });

  test.each([
    ['two items with one name', ['a', 'b', 'b'], "found 'b' twice"],
    ['fewer items than distances', ['a', 'b'], 'has, 3, found 2'],
  ])('refuses %s', async (_, items, message) => {
    const analysis = analyzerOf().analyzeDistances(items, distances);
    await expect(analysis).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(message) });
  });
});

describe('options that are undefined', () => {
  test('are treated like absent options', async () => {
    const plugin = new MemoryDisksPlugin(DISKS);
    const parts = {
      plugins: [plugin, hashers, reporters],
      isolated: undefined,
      pluginTimeout: undefined,
      logger: undefined,
      store: undefined,
      executor: undefined,
      container: undefined,
    } satisfies AnalyzerParts;
    const options = {
      reader: undefined,
      hasher: undefined,
      blockSize: undefined,
      cache: undefined,
      cacheDecrypted: undefined,
      keys: undefined,
      jobs: undefined,
      allowBacking: undefined,
      maxVirtualSize: undefined,
      allowInUse: undefined,
      recursive: undefined,
      exclude: undefined,
      sandbox: undefined,
      onProgress: undefined,
      onNote: undefined,
      signal: undefined,
      metric: undefined,
      linkage: undefined,
      clusterer: undefined,
    } satisfies Record<keyof AnalyzeOptions, undefined>;
    const analyzer = createAnalyzer(parts);
    const sources = PATHS.map(
      (path): DiskSource => ({ path, format: undefined, label: undefined, noFollow: undefined }),
    );
    const analysis = await analyzer.analyze(sources, options);
    const expected = await createAnalyzer({ plugins: parts.plugins }).analyze(PATHS);
    expect(comparable(analysis)).toEqual(comparable(expected));
    const vectorOptions = {
      metric: undefined,
      linkage: undefined,
      clusterer: undefined,
      jobs: undefined,
      onProgress: undefined,
      signal: undefined,
    };
    const vectors = analysis.images.map(({ vector }) => vector!);
    expect(await analyzer.analyzeVectors(vectors, vectorOptions)).toEqual(analysis);
    const { metric: _, ...extendOptions } = vectorOptions;
    const first = await analyzer.analyzeVectors(vectors.slice(1));
    expect((await analyzer.extend(first, vectors.slice(0, 1), extendOptions)).parameters.linkage).toBe('single');
    const given = {
      metric: undefined,
      unit: undefined,
      algorithm: undefined,
      blockSize: undefined,
      linkage: undefined,
    };
    const { parameters } = await analyzer.analyzeDistances(['a', 'b'], { size: 2, values: Float64Array.of(1) }, given);
    expect(parameters).toMatchObject({ metric: 'given', linkage: 'single' });
    expect(await textOf(analyzer.report('newick', analysis, {}, { signal: undefined }))).toContain(';');
  });
});
