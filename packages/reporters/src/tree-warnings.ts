import type { Analysis, Cladogram } from '@virt-similarity/core';
import { type Wording, wording } from '@virt-similarity/core/errors';
import { depthOf } from './tree-order.js';

/** The most levels without a warning. Auspice and IcyTree overflow at a number between 5,000 and 10,000. */
const DEEPEST = 4000;
/** The most children of a node without a warning. IcyTree overflows at a number between 5,000 and 10,000. */
const MOST_CHILDREN = 5000;

/**
 * Yields a warning for each property of a tree that some viewers cannot handle: too many levels, a node with too many
 * children, or heights that are all 0.
 *
 * @param tree the tree as it is written
 */
export function* treeWarnings({ parameters }: Analysis, tree: Cladogram): Generator<Wording> {
  const depth = depthOf(tree);
  if (depth > DEEPEST) {
    const found = `the tree has ${depth} levels, and Auspice and IcyTree fail on more than ${DEEPEST}`;
    const remedy = 'open it in phylotree.js or Taxonium';
    const shallower = wording`, or choose ${{ option: 'linkage', value: 'average' }}, which usually gives fewer levels`;
    yield wording`${found}; ${remedy}${parameters.linkage === 'single' ? shallower : ''}`;
  }
  const most = tree.nodes.reduce((largest, { children }) => Math.max(largest, children.length), 0);
  if (most > MOST_CHILDREN) {
    const found = `a node of the tree has ${most} children, and IcyTree fails on more than ${MOST_CHILDREN}`;
    yield wording`${found}; write a Newick tree with ${{ option: 'binary', value: true }}`;
  }
  if (tree.nodes.length > 0 && tree.nodes.every(({ height }) => height === 0)) {
    const found =
      'all distances are 0, so that Taxonium cannot scale the tree, and Auspice draws each branch with length 1';
    yield `${found}; open it in another viewer`;
  }
}
