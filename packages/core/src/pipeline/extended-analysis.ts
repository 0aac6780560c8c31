import type { Analysis } from '../contracts/analysis.js';
import type { CondensedMatrix } from '../contracts/clusterer.js';
import type { HashVector } from '../contracts/hash-vector.js';
import { extendedMatrix } from '../distance/extended-matrix.js';
import { requirePairMemory } from '../distance/require-pair-memory.js';
import { VirtSimilarityError } from '../errors.js';
import type { CompleteOptions } from '../execution/options.js';
import { knownKeyOf } from '../store/vector-key.js';
import { renamedVector } from '../vectors/vector-header.js';
import { type NamedVector, namedVectors } from './analysis-of.js';
import { type ComparisonContext, comparisonOf, comparisonWith } from './comparison-stages.js';

/**
 * Returns the vectors of the images of an analysis under their names, then the added vectors under unused names.
 *
 * @throws `usage` if the analysis lacks some of its images, an image of the analysis has no hash vector or a vector
 *   that does not fit the analysis, or two images have the same path.
 */
export function extendedImages(
  { images, distances, parameters }: Analysis,
  added: readonly HashVector[],
): NamedVector[] {
  if (images.length !== distances.size) {
    const found = `${images.length} images and distances of ${distances.size}`;
    throw new VirtSimilarityError('usage', `cannot extend the analysis: expected all of its images, found ${found}`);
  }
  const known = images.map(({ name, path, virtualSize, dataBlocks, vectorKey, vector }) => {
    if (vector === undefined) {
      const problem = `cannot extend the analysis: expected each image to have its hash vector, found ${path} without one`;
      throw new VirtSimilarityError('usage', `${problem}; first add the vectors to the images of the analysis`, {
        image: path,
      });
    }
    const { algorithm, blockSize } = parameters;
    const expected = describeHeader({ algorithm, blockSize, virtualSize, dataBlocks });
    const found = describeHeader(vector);
    if (found !== expected) {
      const problem = `cannot extend the analysis: expected the hash vector of ${path} to have ${expected}, found ${found}`;
      throw new VirtSimilarityError('usage', `${problem}; analyze all images again`, { image: path });
    }
    const key = knownKeyOf(vector);
    if (vectorKey !== undefined && key !== undefined && key !== vectorKey) {
      const problem = `cannot extend the analysis: expected the hash vector of ${path} that was analyzed, found another`;
      throw new VirtSimilarityError('usage', `${problem} (its files have changed); analyze all images again`, {
        image: path,
      });
    }
    return { name, vector: renamedVector(vector, path) };
  });
  const vectors = [...known.map(({ vector }) => vector), ...added];
  const paths = new Set<string>();
  for (const { name } of vectors) {
    if (paths.has(name)) {
      const problem = `cannot extend the analysis: expected each image once, found ${name} twice`;
      throw new VirtSimilarityError('usage', `${problem}; leave it out, or give its vector another name`, {
        image: name,
      });
    }
    paths.add(name);
  }
  return namedVectors(vectors, new Map(images.map(({ path, name }) => [path, name])));
}

function describeHeader({
  algorithm,
  blockSize,
  virtualSize,
  dataBlocks,
}: Pick<HashVector, 'algorithm' | 'blockSize' | 'virtualSize' | 'dataBlocks'>): string {
  return `${dataBlocks} ${algorithm} digests of ${blockSize}-byte blocks of a disk of ${virtualSize} bytes`;
}

/**
 * Returns the distances of all images: those of the analysis, followed by the added images. Compares only pairs with
 * an added image.
 *
 * @param images all images, in this order
 * @throws as `Analyzer.extend`.
 */
export async function extendedDistances(
  context: ComparisonContext,
  { distances }: Analysis,
  images: readonly NamedVector[],
  options: CompleteOptions,
): Promise<CondensedMatrix> {
  const vectors = images.map(({ vector }) => vector);
  const known = vectors.slice(0, distances.size);
  const added = vectors.slice(distances.size);
  if (added.length === 0) {
    return distances;
  }
  requirePairMemory(vectors.length, context.registry.find('metric', options.metric));
  const between = await comparisonWith(context, added, known, options);
  const { comparison: among } = await comparisonOf(context, added, options);
  return extendedMatrix(distances, between.distances, among.distances);
}
