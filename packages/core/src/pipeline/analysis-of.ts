import type { Analysis } from '../contracts/analysis.js';
import type { CondensedMatrix } from '../contracts/clusterer.js';
import type { HashVector } from '../contracts/hash-vector.js';
import type { Clustering, Comparison, DistanceItem, DistanceOptions } from '../contracts/stages.js';
import { excerptOf, VirtSimilarityError } from '../errors.js';
import { ANALYZE_DEFAULTS } from '../execution/options.js';
import { encryptionOf } from '../identity/chain.js';
import { knownKeyOf } from '../store/vector-key.js';
import { namesOf } from './image-names.js';

/** A hash vector and its image's name in reports. */
export interface NamedVector {
  readonly name: string;
  readonly vector: HashVector;
}

/**
 * Combines the results of the stages into the analysis for reporters.
 *
 * @param images at least one
 */
export function analysisOf(
  images: readonly NamedVector[],
  { metric, unit, distances, repeatedBlocks }: Omit<Comparison, 'repeatedBlocks'> & Partial<Comparison>,
  { linkage, dendrogram, cladogram }: Clustering,
  failures: Analysis['failures'] = [],
): Analysis {
  const { algorithm, blockSize } = images[0]!.vector;
  return {
    images: images.map(({ name, vector }, index) => {
      const vectorKey = knownKeyOf(vector);
      const encryption = vector.identity && encryptionOf(vector.identity);
      return {
        name,
        path: vector.name,
        virtualSize: vector.virtualSize,
        dataBlocks: vector.dataBlocks,
        ...(repeatedBlocks && { repeatedBlocks: repeatedBlocks[index]! }),
        ...(encryption && { encryption }),
        ...(vectorKey !== undefined && { vectorKey }),
        vector,
      };
    }),
    failures,
    parameters: { algorithm, blockSize, metric, unit, linkage },
    distances,
    dendrogram,
    cladogram,
  };
}

/**
 * Returns the vectors with their names for reports (see `namesOf`).
 *
 * @param labels by the paths of the images, which are the names of the vectors
 * @param recorded for hash-vector files, the paths of their images when they were hashed
 * @param archives the archives, by the paths of the images in them
 */
export function namedVectors(
  vectors: readonly HashVector[],
  labels: ReadonlyMap<string, string | undefined> = new Map(),
  recorded: ReadonlyMap<string, string> = new Map(),
  archives: ReadonlyMap<string, string | undefined> = new Map(),
): NamedVector[] {
  const names = namesOf(
    vectors.map(({ name }) => name),
    labels,
    recorded,
    archives,
  );
  return vectors.map((vector, index) => ({ name: names[index]!, vector }));
}

/**
 * Returns the analysis of items with known distances. By default, the path of an item is its name, and its sizes are 0.
 */
export function analysisOfDistances(
  items: readonly DistanceItem[],
  distances: CondensedMatrix,
  { linkage, dendrogram, cladogram }: Clustering,
  { metric = 'given', unit = 'blocks', algorithm = 'none', blockSize = ANALYZE_DEFAULTS.blockSize }: DistanceOptions,
): Analysis {
  return {
    images: items.map((item) => {
      const known: Exclude<DistanceItem, string> = typeof item === 'string' ? { name: item } : item;
      const { name, path = name, virtualSize = 0, dataBlocks = 0 } = known;
      return { ...known, name, path, virtualSize, dataBlocks };
    }),
    failures: [],
    parameters: { algorithm, blockSize, metric, unit, linkage },
    distances,
    dendrogram,
    cladogram,
  };
}

/** @throws `usage` unless the number of items is the size of the matrix and the names of the items differ. */
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
