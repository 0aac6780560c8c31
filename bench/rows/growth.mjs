import { dirname } from 'node:path';
import { runChild } from '../command.mjs';
import { warm } from '../inputs/disks.mjs';
import { SyntheticHasher } from '../inputs/synthetic-plugin.mjs';
import { vectorFiles } from '../inputs/vector-files.mjs';

/**
 * Increasing numbers of vectors of the largest disks, and decreasing disk sizes with the fewest vectors. The peer is
 * this library with the fewest vectors of the largest disks.
 */
export const growthRows = [
  ...[1, 2, 3].map((step) =>
    growthRow(`vectors-${step}`, ({ vectors, blocks }) => ({ vectors: vectors[step], blocks: blocks.at(-1) })),
  ),
  ...[2, 1, 0].map((step) =>
    growthRow(`blocks-${step}`, ({ vectors, blocks }) => ({ vectors: vectors[0], blocks: blocks[step] })),
  ),
];

/** @param {(growth: import('../sizes.mjs').Sizes['growth']) => { vectors: number, blocks: number }} pointOf */
function growthRow(name, pointOf) {
  return {
    name: `growth-${name}`,
    title: ({ growth }) => `all pairs of ${pointText(pointOf(growth))}, reading included`,
    against: ({ growth }) => `ourselves on ${pointText(referenceOf(growth))}`,
    goal: { speed: 0.9 },
    unit: 'comparisons',
    tools: [],
    async prepare(context) {
      const { growth } = context.sizes;
      return { ours: await comparing(context, pointOf(growth)), peer: await comparing(context, referenceOf(growth)) };
    },
  };
}

/**
 * Returns a function that compares this number of vectors of this number of blocks. Its sample has both, for the plot.
 */
async function comparing(context, { vectors, blocks }) {
  const { growth } = context.sizes;
  const total = blocks === growth.blocks.at(-1) ? growth.vectors.at(-1) : growth.vectors[0];
  const { digestLength } = new SyntheticHasher();
  const hasher = { name: 'synthetic', digestLength };
  const files = await vectorFiles(context, hasher, total, blocks);
  await warm(files);
  const amount = ((vectors * (vectors - 1)) / 2) * blocks;
  return async () => {
    const { seconds, peakBytes } = await runChild('compare.mjs', {
      directory: dirname(files[0]),
      hasher: hasher.name,
      count: vectors,
    });
    return { seconds, peakBytes, amount, vectors, blocks };
  };
}

const referenceOf = ({ vectors, blocks }) => ({ vectors: vectors[0], blocks: blocks.at(-1) });

const pointText = ({ vectors, blocks }) => `${vectors} vectors of ${blocks} blocks`;
