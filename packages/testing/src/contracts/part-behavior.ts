import {
  type Analysis,
  type Analyzer,
  type CondensedMatrix,
  type HashVector,
  type PartKind,
  type PartKinds,
  type Plugin,
  plainText,
  VirtSimilarityError,
} from '@virt-similarity/core';
import { MemoryDisksPlugin } from '../fixtures/memory-disks-plugin.js';
import { vectorOfBlocks } from '../fixtures/numbered-blocks.js';
import { sampleAnalysis } from '../fixtures/sample-analysis.js';

/** The name of the reader of the sample disks. */
const READER = 'testing-memory';
const BLOCK_SIZE = 512;
const PATHS = ['memory:a', 'memory:b'];

/** A plugin with a reader of two disks, each with a partial last block, for {@link behaviorOf}. */
export const SAMPLE_READER: Plugin = {
  name: 'testing',
  readers: {
    [READER]: new MemoryDisksPlugin(Object.fromEntries(PATHS.map((path, disk) => [path, contentOf(disk)]))).readers
      .memory,
  },
};

/** Functions that apply a part to samples and return comparable values, for the kinds that can run in threads. */
const BEHAVIORS: {
  readonly [Kind in PartKind]?: (analyzer: Analyzer, name: string, part: PartKinds[Kind]) => Promise<unknown[]>;
} = {
  hasher: digestsOf,
  metric: distancesOf,
  clusterer: mergesOf,
  reporter: textsOf,
};

/** Returns whether parts of the kind can run in threads. */
export function runsInThreads(kind: PartKind): boolean {
  return kind in BEHAVIORS;
}

/**
 * Returns the part's results for samples, as the analyzer runs it: digests, distances, merges or texts. Empty for kinds
 * that run only in the main thread.
 *
 * @param analyzer must have {@link SAMPLE_READER}
 */
export async function behaviorOf<Kind extends PartKind>(
  analyzer: Analyzer,
  kind: Kind,
  name: string,
  part: PartKinds[Kind],
): Promise<unknown[]> {
  return BEHAVIORS[kind]?.(analyzer, name, part) ?? [];
}

async function digestsOf(analyzer: Analyzer, name: string): Promise<unknown[]> {
  const rows = new Map<string, number[]>();
  const options = { reader: READER, hasher: name, blockSize: BLOCK_SIZE, jobs: 1 };
  for await (const outcome of analyzer.hash(PATHS, options)) {
    if (outcome.error !== undefined) {
      throw outcome.error;
    }
    for await (const { digests } of outcome.vector.rows()) {
      rows.set(outcome.path, [...(rows.get(outcome.path) ?? []), ...digests]);
    }
  }
  return PATHS.map((path) => rows.get(path));
}

async function distancesOf(analyzer: Analyzer, name: string): Promise<unknown[]> {
  const { distances } = await analyzer.compare(sampleVectors(), { metric: name, jobs: 1 });
  return [...distances.values];
}

/** Applies only the first linkage, because each linkage needs its own thread. */
async function mergesOf(analyzer: Analyzer, name: string, { linkages }: PartKinds['clusterer']): Promise<unknown[]> {
  const { dendrogram } = await analyzer.cluster(SAMPLE_MATRIX, { clusterer: name, linkage: linkages[0] ?? '' });
  return [...dendrogram.merges].flatMap(({ left, right, height }) => [left, right, height]);
}

async function textsOf(analyzer: Analyzer, name: string, { companion }: PartKinds['reporter']): Promise<unknown[]> {
  const analysis = analysisOfAll();
  const parts = companion === undefined ? (['report'] as const) : (['report', 'companion'] as const);
  const texts: unknown[] = [];
  for (const part of parts) {
    const pieces: Uint8Array[] = [];
    for await (const piece of part === 'report'
      ? analyzer.reportBytes(name, analysis)
      : analyzer.companion(name, analysis)) {
      pieces.push(Buffer.from(piece));
    }
    texts.push(Buffer.concat(pieces).toString('latin1'));
  }
  const warnings = await analyzer.warnings(name, analysis);
  return [...texts, ...warnings.map((warning) => plainText(warning))];
}

const SAMPLE_MATRIX: CondensedMatrix = { size: 5, values: Float64Array.of(9, 3.5, 7, 11, 8, 2.25, 10, 6, 12, 5) };

function analysisOfAll(): Analysis {
  const names = ['base', 'web-1', 'web-2', 'other'];
  const vectors = sampleVectors();
  const analysis = sampleAnalysis(names, [
    [1, 2, 17],
    [0, 4, 17],
    [3, 5, 2048.5],
  ]);
  return {
    ...analysis,
    images: analysis.images.map((image, index) => ({ ...image, vector: vectors[index]! })),
    failures: [{ path: '/images/bad', error: new VirtSimilarityError('corrupt', 'bad: its header ends early') }],
  };
}

/** Returns vectors with equal blocks, different blocks at the same position, and blocks that other vectors lack. */
function sampleVectors(): HashVector[] {
  const disks = [
    [1, 2, 3, 4, 5, 6],
    [1, 2, 3, 9, 5],
    [1, 0, 2, 0, 9, 0, 3],
    [7, 7, 7, 7, 7, 7, 7, 1],
  ];
  return disks.map((blocks, index) => vectorOfBlocks(blocks, { name: `${index}`, blockSize: 512 }));
}

function contentOf(disk: number): Uint8Array {
  return Uint8Array.from({ length: 9 * BLOCK_SIZE + 100 }, (_, index) => (index * 31 + (index >> 8) + disk) & 0xff);
}
