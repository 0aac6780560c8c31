import type { Clusterer, CondensedMatrix, Dendrogram, Linkage, StandardLinkage } from '../../contracts/clusterer.js';
import { VirtSimilarityError, wording } from '../../errors.js';
import { condensedRow, validateMatrix } from '../condensed-matrix.js';
import { dendrogramOf } from '../dendrogram.js';
import type { UpdatedLinkage } from './matrix-band.js';
import { nearestNeighbourChain } from './nearest-neighbour-chain.js';
import { ShrinkingMatrix } from './shrinking-matrix.js';
import { SingleLinkage } from './single-linkage.js';

/**
 * Clusters in O(n²) time: by Sibson's SLINK for single linkage, by nearest-neighbour chains for complete, average,
 * weighted and ward. Single linkage needs O(n) memory; the others need a copy of the matrix.
 */
export class FastClusterer implements Clusterer {
  readonly linkages = ['single', 'complete', 'average', 'weighted', 'ward'] as const;

  /**
   * @throws `usage` for an invalid matrix or an unsupported linkage, `unavailable` if there is not enough memory or a
   *   WebAssembly module is missing.
   */
  cluster(matrix: CondensedMatrix, linkage: Linkage): Dendrogram {
    validateMatrix(matrix);
    const { size } = matrix;
    switch (linkage as StandardLinkage) {
      case 'single':
        return singleDendrogram(matrix);
      case 'complete':
      case 'average':
      case 'weighted':
        return dendrogramOf(
          size,
          nearestNeighbourChain(new ShrinkingMatrix(matrix), linkage as UpdatedLinkage),
          linkage,
        );
      case 'ward':
        return wardDendrogram(matrix);
      default:
        throw new VirtSimilarityError(
          'usage',
          wording`[fast] expected one of the linkages ${this.linkages.join(', ')}, found ${linkage}; choose ${{ option: 'clusterer', value: 'ml-hclust' }}`,
        );
    }
  }
}

function singleDendrogram(matrix: CondensedMatrix): Dendrogram {
  const linkage = new SingleLinkage(matrix.size);
  for (let item = matrix.size - 1; item >= 0; item--) {
    linkage.add(condensedRow(matrix, item));
  }
  return linkage.dendrogram();
}

/** Clusters squared distances, in which Ward's update is linear, and scales the heights back to distances. */
function wardDendrogram(distances: CondensedMatrix): Dendrogram {
  const matrix = new ShrinkingMatrix(distances);
  matrix.square();
  const joins = nearestNeighbourChain(matrix, 'ward');
  return dendrogramOf(
    distances.size,
    joins.map((join) => ({ ...join, height: Math.sqrt(join.height) })),
    'ward',
  );
}
