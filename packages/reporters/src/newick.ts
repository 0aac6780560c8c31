import type { Analysis, Cladogram, Companion, OptionDeclarations, OptionValues, Reporter } from '@virt-similarity/core';
import { VirtSimilarityError, wording } from '@virt-similarity/core/errors';
import { branchLengths } from './branch-lengths.js';
import { changedLabels, labelTable, quotedLabels, safeLabels } from './newick-labels.js';
import { binaryTree } from './tree-order.js';

/**
 * Writes the cladogram as a rooted Newick tree with branch lengths at full precision, for phylogenetics viewers.
 *
 * Format: https://phylipweb.github.io/phylip/newicktree.html and Gary Olsen's grammar,
 * https://phylipweb.github.io/phylip/newick_doc.html.
 *
 * @throws `usage` if branches would be negative and `negative-branches` is not set.
 */
export class NewickReporter implements Reporter {
  readonly extension = '.nwk';
  readonly mediaType = 'text/x-nh';
  readonly options: OptionDeclarations = {
    dialect: {
      type: 'enum',
      values: ['safe', 'quoted'],
      default: 'safe',
      description: 'newick: plain labels with a table of names beside the tree, or the names in quotes',
    },
    binary: {
      type: 'boolean',
      description: 'newick: write every merge as a node with two children; ties get branches of length 0',
    },
    'negative-branches': {
      type: 'boolean',
      description: 'newick: allow the negative branches of centroid and median linkage',
    },
  };

  readonly companion: Companion = {
    extension: '.names.tsv',
    emptyWith: { dialect: 'quoted' },
    *report({ images }, options) {
      if (options.dialect !== 'quoted') {
        yield* labelTable(images);
      }
    },
    *omission({ images }, options) {
      const changed = options.dialect === 'quoted' ? 0 : changedLabels(images);
      if (changed > 0) {
        yield `${changed} of ${images.length} labels differ from the names of their images, and the table of names is not written`;
      }
    },
  };

  *report(analysis: Analysis, options: OptionValues): Generator<string> {
    const tree = options.binary === true ? binaryTree(analysis.dendrogram) : analysis.cladogram;
    const labels = options.dialect === 'quoted' ? quotedLabels(analysis.images) : safeLabels(analysis.images);
    if (tree.size === 1) {
      yield `(${labels[0]}:0);\n`;
      return;
    }
    const lengths = branchLengths(tree);
    if (options['negative-branches'] !== true && lengths.some((length) => length < 0)) {
      const problem =
        `[newick] expected branches of length 0 or more, but with ${analysis.parameters.linkage} linkage some groups join ` +
        'at a smaller distance than their parts';
      throw new VirtSimilarityError(
        'usage',
        wording`${problem}; choose single, complete, average, weighted or ward linkage, or allow ${{ option: 'negative-branches', value: true }}`,
      );
    }
    yield* subtree(tree, labels, lengths);
    yield ';\n';
  }
}

function* subtree({ size, nodes }: Cladogram, labels: readonly string[], lengths: Float64Array): Generator<string> {
  const pending: (number | string)[] = [size + nodes.length - 1];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === 'string') {
      yield next;
    } else if (next < size) {
      yield `${labels[next]}:${lengths[next]}`;
    } else {
      pending.push(`):${lengths[next]}`);
      for (const [position, child] of nodes[next - size]!.children.toReversed().entries()) {
        pending.push(...(position === 0 ? [child] : [',', child]));
      }
      yield '(';
    }
  }
}
