import type { Analysis } from '../contracts/analysis.js';
import type { HashVector } from '../contracts/hash-vector.js';
import type { Clustering, Comparison } from '../contracts/stages.js';
import type { CompleteOptions } from '../execution/options.js';
import { namesOf } from './image-names.js';

/** What the stages found, as reporters get it. */
export function analysisOf(
  vectors: readonly HashVector[],
  labels: ReadonlyMap<string, string | undefined>,
  { metric, unit, distances, repeatedBlocks }: Comparison,
  { linkage, dendrogram, cladogram }: Clustering,
  { hasher: algorithm, blockSize, failures }: CompleteOptions & Pick<Analysis, 'failures'>,
): Analysis {
  const paths = vectors.map(({ name }) => name);
  const names = namesOf(paths, labels);
  return {
    images: vectors.map((vector, index) => ({
      name: names[index]!,
      path: vector.name,
      virtualSize: vector.virtualSize,
      dataBlocks: vector.dataBlocks,
      repeatedBlocks: repeatedBlocks[index]!,
      vector,
    })),
    failures,
    parameters: { algorithm, blockSize, metric, unit, linkage },
    distances,
    dendrogram,
    cladogram,
  };
}
