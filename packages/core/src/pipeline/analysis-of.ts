import type { Analysis } from '../contracts/analysis.js';
import type { CondensedMatrix } from '../contracts/clusterer.js';
import type { HashVector } from '../contracts/hash-vector.js';
import type { Clustering, Comparison, DistanceItem, DistanceOptions } from '../contracts/stages.js';
import { excerptOf, VirtSimilarityError } from '../errors.js';
import { ANALYZE_DEFAULTS } from '../execution/options.js';
import { namesOf } from './image-names.js';

/** A hash vector, and what reports call its image. */
export interface NamedVector {
  readonly name: string;
  readonly vector: HashVector;
}

/** What the stages found, as reporters get it. Each image has its name and its hash vector. */
export function analysisOf(
  images: readonly NamedVector[],
  { metric, unit, distances, repeatedBlocks }: Omit<Comparison, 'repeatedBlocks'> & Partial<Comparison>,
  { linkage, dendrogram, cladogram }: Clustering,
  failures: Analysis['failures'] = [],
): Analysis {
  const { algorithm, blockSize } = images[0]!.vector;
  return {
    images: images.map(({ name, vector }, index) => ({
      name,
      path: vector.name,
      virtualSize: vector.virtualSize,
      dataBlocks: vector.dataBlocks,
      ...(repeatedBlocks && { repeatedBlocks: repeatedBlocks[index]! }),
      vector,
    })),
    failures,
    parameters: { algorithm, blockSize, metric, unit, linkage },
    distances,
    dendrogram,
    cladogram,
  };
}

/** The vectors with what reports call them: their labels, or names made of their paths. */
export function namedVectors(
  vectors: readonly HashVector[],
  labels: ReadonlyMap<string, string | undefined> = new Map(),
): NamedVector[] {
  const names = namesOf(
    vectors.map(({ name }) => name),
    labels,
  );
  return vectors.map((vector, index) => ({ name: names[index]!, vector }));
}

/** The analysis of items whose distances come from elsewhere. */
export function analysisOfDistances(
  items: readonly DistanceItem[],
  distances: CondensedMatrix,
  { linkage, dendrogram, cladogram }: Clustering,
  { metric = 'given', unit = 'blocks', algorithm = 'none', blockSize = ANALYZE_DEFAULTS.blockSize }: DistanceOptions,
): Analysis {
  return {
    images: items.map((item) => {
      const known = typeof item === 'string' ? { name: item } : item;
      return { path: known.name, virtualSize: 0, dataBlocks: 0, ...known };
    }),
    failures: [],
    parameters: { algorithm, blockSize, metric, unit, linkage },
    distances,
    dendrogram,
    cladogram,
  };
}

/** @throws `usage` unless there is one item for each row of the matrix, and each has a name of its own. */
export function requireOwnNames(items: readonly DistanceItem[], size: number): void {
  const names = new Set<string>();
  for (const item of items) {
    const name = typeof item === 'string' ? item : item.name;
    if (names.has(name)) {
      throw new VirtSimilarityError('usage', `expected items with different names, found ${excerptOf(name)} twice`);
    }
    names.add(name);
  }
  if (items.length !== size) {
    const expected = `expected as many items as the matrix of distances has, ${size}`;
    throw new VirtSimilarityError('usage', `${expected}, found ${items.length}`);
  }
}
