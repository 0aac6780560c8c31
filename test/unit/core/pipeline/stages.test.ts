import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type Analyzer,
  createAnalyzer,
  type DiskReader,
  type HashVector,
  type IdentifyOutcome,
  type Link,
  type ProgressEvent,
  VirtSimilarityError,
  writeHashVector,
} from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import { MemoryDisksPlugin } from '@virt-similarity/testing';

const DISKS = {
  'memory:a': new Uint8Array(2048).fill(1),
  'memory:b': new Uint8Array(2048).fill(1).fill(2, 512, 1024),
  'memory:c': new Uint8Array(2048).fill(3),
  'memory:bad': new VirtSimilarityError('corrupt', 'memory:bad: its header is damaged', { image: 'memory:bad' }),
};
const GOOD = ['memory:a', 'memory:b', 'memory:c'];

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stages-'));
});
afterAll(() => rm(directory, { recursive: true }));

function analyzerOf(disks = new MemoryDisksPlugin(DISKS)): Analyzer {
  return createAnalyzer({ plugins: [disks, hashers] });
}

async function vectorsOf(analyzer: Analyzer): Promise<HashVector[]> {
  const vectors = new Map<string, HashVector>();
  // Destructuring compiles only if each kind of outcome declares the members of the other.
  for await (const { path, vector, error } of analyzer.hash(GOOD, { blockSize: 512 })) {
    expect(error).toBeUndefined();
    if (vector !== undefined) {
      vectors.set(path, vector);
    }
  }
  return GOOD.map((path) => vectors.get(path)!);
}

async function all(outcomes: AsyncIterable<IdentifyOutcome>): Promise<IdentifyOutcome[]> {
  const found: IdentifyOutcome[] = [];
  for await (const outcome of outcomes) {
    found.push(outcome);
  }
  return found.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

describe('identify', () => {
  test('returns the reader and identity of an image without opening it', async () => {
    const disks = new MemoryDisksPlugin(DISKS);
    const found = await all(analyzerOf(disks).identify(['memory:a', 'memory:b', 'elsewhere']));
    expect(found).toMatchObject([
      { path: 'elsewhere', error: { code: 'unavailable' } },
      { path: 'memory:a', reader: 'memory', identity: { chain: [{ format: 'memory' }] } },
      { path: 'memory:b', reader: 'memory' },
    ]);
    expect(disks.opened).toEqual([]);
  });

  test('needs no hasher, and accepts hash-vector files of any hasher', async () => {
    const [vector] = await vectorsOf(analyzerOf());
    const path = join(directory, 'a.arrow');
    await writeHashVector(vector!, path);
    const analyzer = createAnalyzer({ plugins: [new MemoryDisksPlugin(DISKS)] });
    const [{ parts }] = vector!.identity!.chain as [Link];
    expect(await all(analyzer.identify([path]))).toEqual([
      { path, identity: { chain: [{ format: 'memory', parts }] } },
    ]);
  });
});

describe('progress events', () => {
  test('can be serialised to JSON and, except image-finished, posted to a thread', async () => {
    const events: ProgressEvent[] = [];
    const options = { blockSize: 512, onProgress: (event: ProgressEvent) => events.push(event) };
    const file = join(directory, 'file.raw');
    await writeFile(file, DISKS['memory:a']);
    const analyzer = createAnalyzer({ plugins: [new MemoryDisksPlugin(DISKS), readers, hashers] });
    await analyzer.analyze([...GOOD, 'memory:bad', file], options);
    const written = JSON.parse(JSON.stringify(events)) as Record<string, unknown>[];
    expect(written.map(({ kind }) => kind)).toEqual(events.map(({ kind }) => kind));
    const [identified] = written.filter(({ path, kind }) => path === file && kind === 'image-identified');
    expect(identified).toMatchObject({ files: [{ kind: 'file', path: file, size: `${DISKS['memory:a'].length}` }] });
    const [finished] = written.filter(({ path, kind }) => path === 'memory:a' && kind === 'image-finished');
    expect(finished).toMatchObject({ cached: false, vector: { algorithm: 'sha256', dataBlocks: 4 } });
    expect(finished!.vector).not.toHaveProperty('storage');
    const [failed] = written.filter(({ kind }) => kind === 'image-failed');
    expect(failed).toMatchObject({ path: 'memory:bad', error: { code: 'corrupt' } });
    for (const event of events.filter(({ kind }) => kind !== 'image-finished')) {
      expect(() => structuredClone(event)).not.toThrow();
    }
  });
});

describe('compare', () => {
  test('returns the distances of vectors, their repeated blocks, and the unit', async () => {
    const analyzer = analyzerOf();
    const { distances, unit, metric, repeatedBlocks } = await analyzer.compare(await vectorsOf(analyzer));
    expect([...distances.values]).toEqual([1, 4, 4]);
    expect({ unit, metric, repeatedBlocks }).toEqual({
      unit: 'blocks',
      metric: 'hamming',
      repeatedBlocks: Float64Array.of(3, 3, 0),
    });
    const free = await analyzer.compare(await vectorsOf(analyzer), { metric: 'shared-content' });
    expect(free.distances.values[1]).toBe(1);
  });

  test('compares one vector with others, with the same result as for all pairs', async () => {
    const analyzer = analyzerOf();
    const [a, b, c] = (await vectorsOf(analyzer)) as [HashVector, HashVector, HashVector];
    for (const metric of ['hamming', 'jaccard', 'shared-content', 'shared-blocks']) {
      const whole = await analyzer.compare([a, b, c], { metric });
      const { distances, unit } = await analyzer.compareWith([a], [b, c], { metric });
      expect([...distances]).toEqual([...whole.distances.values.subarray(0, 2)]);
      expect(unit).toBe(whole.unit);
    }
  });

  test('refuses an unregistered metric, and an empty list of vectors', async () => {
    const analyzer = analyzerOf();
    await expect(analyzer.compare([], {})).rejects.toMatchObject({ code: 'usage' });
    const unknown = analyzer.compare(await vectorsOf(analyzer), { metric: 'haming' });
    await expect(unknown).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining("'hamming'") });
  });
});

describe('cluster', () => {
  test('accepts distances that compare did not return, and needs no reader and no hasher', async () => {
    const analyzer = createAnalyzer({ plugins: [] });
    const distances = { size: 3, values: Float64Array.of(1, 4, 2) };
    const { dendrogram, cladogram, linkage } = await analyzer.cluster(distances, { linkage: 'complete' });
    expect(dendrogram.merges.map(({ height }) => height)).toEqual([1, 4]);
    expect(cladogram.nodes).toHaveLength(2);
    expect(linkage).toBe('complete');
  });

  test('refuses a linkage that the clusterer does not support', async () => {
    const distances = { size: 2, values: Float64Array.of(1) };
    const clustering = createAnalyzer({ plugins: [] }).cluster(distances, { linkage: 'avrage' });
    await expect(clustering).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/^unknown linkage avrage of clusterer auto: .*; did you mean 'average'\?$/),
    });
  });
});

test('analyze returns the same result as the stages in sequence', async () => {
  const analyzer = analyzerOf();
  const analysis = await analyzer.analyze(GOOD, { blockSize: 512 });
  const comparison = await analyzer.compare(await vectorsOf(analyzer));
  const clustering = await analyzer.cluster(comparison.distances);
  expect(analysis.distances).toEqual(comparison.distances);
  expect(analysis.dendrogram).toEqual(clustering.dendrogram);
  expect(analysis.cladogram).toEqual(clustering.cladogram);
});

test('a failed diagnosis affects only its reader', async () => {
  const reader = (diagnose?: DiskReader['diagnose']): DiskReader => ({
    identify: async () => undefined,
    open: async () => Promise.reject(new Error('not opened')),
    ...(diagnose && { diagnose }),
  });
  const readers = {
    failing: reader(async () => Promise.reject(new Error('no answer'))),
    odd: reader(async () => ({}) as never),
    silent: reader(),
    sound: reader(async () => ({ requirements: [], abilities: [{ purpose: 'disks', needs: [] }] })),
  };
  const list = async function* () {};
  const sources = {
    undemanding: { list },
    demanding: { list, diagnose: async () => ({ requirements: [], abilities: [] }) },
  };
  const isolated = [{ name: 'mine', url: import.meta.url, readers, sources }];
  const found = await createAnalyzer({ plugins: [], isolated }).diagnose();
  expect(found).toEqual([
    {
      kind: 'reader',
      name: 'failing',
      problem: expect.objectContaining({ message: expect.stringContaining('no answer') }),
    },
    {
      kind: 'reader',
      name: 'odd',
      problem: expect.objectContaining({ message: expect.stringContaining('requirements and abilities') }),
    },
    { kind: 'reader', name: 'silent' },
    { kind: 'reader', name: 'sound', requirements: [], abilities: [{ purpose: 'disks', needs: [] }] },
    { kind: 'source', name: 'demanding', requirements: [], abilities: [] },
  ]);
});
