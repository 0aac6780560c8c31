import type { Analysis, OptionDeclarations, OptionValues, Reporter } from '@virt-similarity/core';
import { csvLine } from './table-cell.js';
import { leafOrder, mergeTree } from './tree-order.js';

/**
 * Writes the dendrogram as comma-separated values, for programs that cut and draw it themselves.
 *
 * `scipy`: SciPy's linkage matrix Z, one line without a header for each merge: the two clusters that join, the height,
 * and the number of images. Clusters below n are images; line k, from 0, forms cluster n + k. For a single image, the
 * report is an empty line.
 *
 * `r`: the columns of R's `hclust`, with a header and n lines: `merge.1` and `merge.2` (negative: an image, positive: a
 * line; both from 1), `height`, `order` and `label`. The last line has no merge.
 */
export class LinkageReporter implements Reporter {
  readonly extension = '.linkage.csv';
  readonly mediaType = 'text/csv';
  readonly options: OptionDeclarations = {
    convention: {
      type: 'enum',
      values: ['scipy', 'r'],
      default: 'scipy',
      description: "linkage: the matrix of SciPy's linkage, or the columns of R's hclust",
    },
  };

  *report({ dendrogram, images }: Analysis, options: OptionValues): Generator<string> {
    const { size, merges } = dendrogram;
    if (options.convention !== 'r') {
      if (merges.length === 0) {
        yield '\n';
      }
      for (const { left, right, height, size: count } of merges) {
        yield csvLine([left, right, height, count]);
      }
      return;
    }
    const number = (cluster: number) => (cluster < size ? -cluster - 1 : cluster - size + 1);
    const { leaves } = leafOrder(mergeTree(dendrogram));
    yield csvLine(['merge.1', 'merge.2', 'height', 'order', 'label']);
    for (const [index, { name }] of images.entries()) {
      const merge = merges[index];
      const [first, second] = merge === undefined ? [] : [number(merge.left), number(merge.right)];
      yield csvLine([first, second, merge?.height, leaves[index]! + 1, name]);
    }
  }
}
