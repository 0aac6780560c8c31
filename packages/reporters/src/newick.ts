import type {
  Analysis,
  Cladogram,
  Companion,
  OptionDeclarations,
  OptionValues,
  ReportCircumstances,
  Reporter,
} from '@virt-similarity/core';
import type { Wording } from '@virt-similarity/core/errors';
import { branchLengths } from './branch-lengths.js';
import { CLUSTER_OPTIONS } from './clusters-of.js';
import { namesTable, omittedNames } from './names-table.js';
import { BRANCH_OPTIONS, requireBranches } from './require-branches.js';
import { LABEL_OPTIONS, quotedLabels, safeLabels } from './tree-labels.js';
import { binaryTree } from './tree-order.js';
import { treePieces } from './tree-pieces.js';
import { treeWarnings } from './tree-warnings.js';

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
  readonly otherExtensions = ['.newick', '.nh', '.tree', '.tre'];
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
      description: 'newick: write nodes with two children only; a tie becomes a balanced tree with lengths of 0',
    },
    ...BRANCH_OPTIONS,
    ...LABEL_OPTIONS,
    ...CLUSTER_OPTIONS,
  };

  readonly companion: Companion = {
    extension: '.names.tsv',
    emptyWith: { dialect: 'quoted' },
    *report(analysis, options) {
      if (options.dialect !== 'quoted') {
        yield* namesTable(analysis, options);
      }
    },
  };

  *warnings(analysis: Analysis, options: OptionValues, circumstances: ReportCircumstances): Generator<Wording> {
    yield* treeWarnings(analysis, writtenTree(analysis, options));
    if (options.dialect !== 'quoted') {
      yield* omittedNames(analysis, options, circumstances);
    }
  }

  *report(analysis: Analysis, options: OptionValues): Generator<string> {
    const tree = writtenTree(analysis, options);
    const { images } = analysis;
    const labels = options.dialect === 'quoted' ? quotedLabels(images) : safeLabels(images, options);
    const root = tree.nodes.at(-1);
    if (root === undefined) {
      yield `(${labels[0]}:0);\n`;
      return;
    }
    const lengths = branchLengths(tree);
    requireBranches('newick', analysis, lengths, options);
    // ape treats a tree whose root has three or more children as unrooted unless the root has a length; phytools'
    // `read.newick` never ends on a root with a length.
    const rootLength = root.children.length > 2 ? ':0' : '';
    yield* treePieces(tree, {
      leaf: (image) => `${labels[image]}:${lengths[image]}`,
      open: () => '(',
      separator: ',',
      close: (cluster, node) => (node === root ? `)${rootLength}` : `):${lengths[cluster]}`),
    });
    yield ';\n';
  }
}

function writtenTree({ cladogram }: Analysis, options: OptionValues): Cladogram {
  return options.binary === true ? binaryTree(cladogram) : cladogram;
}
