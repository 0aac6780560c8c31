import { copheneticDistances, FastClusterer, MlHclustClusterer } from '@virt-similarity/core';
import { runChild, runCommand } from '../command.mjs';
import { distanceFile, readDistances } from '../inputs/distances.mjs';
import { PYTHON } from '../peers.mjs';

const LINKAGES = ['single', 'average', 'complete'];
const FASTCLUSTER = new URL('../children/cluster.py', import.meta.url).pathname;
const TOLERANCE = 1e-9;

/**
 * Clustering many points, without reading the distances, against the C++ library fastcluster. The sums of the heights
 * must agree.
 */
export const clusteringRows = LINKAGES.map((linkage) => ({
  name: `cluster-${linkage}`,
  title: ({ points }) => `cluster ${points}, ${linkage}`,
  against: () => 'fastcluster',
  goal: { time: 1.5 },
  unit: 'merges',
  tools: ['fastcluster'],
  async prepare(context) {
    const { points: size } = context.sizes;
    const path = await distanceFile(context, size);
    let expectedSum;
    return {
      ours: async () => {
        const { sum, ...sample } = await runChild('cluster.mjs', { path, size, linkage });
        expectedSum = sum;
        return { ...sample, amount: size - 1 };
      },
      peer: async () => {
        const printed = await runCommand(PYTHON, [FASTCLUSTER, path, linkage], { output: 'pipe' });
        const { sum, seconds } = JSON.parse(printed);
        if (!(Math.abs(sum - expectedSum) <= TOLERANCE * sum)) {
          throw new Error(`expected fastcluster's heights to add up to our sum ${expectedSum}, found ${sum}`);
        }
        return { seconds, amount: size - 1 };
      },
    };
  },
}));

/** The fast engine against ml-hclust. Both must produce the same cophenetic distances. */
export const referenceRow = {
  name: 'cluster-reference',
  title: ({ referencePoints }) => `cluster ${referencePoints}, average, fast engine`,
  against: () => 'ml-hclust',
  goal: { speed: 100 },
  unit: 'merges',
  tools: [],
  async prepare(context) {
    const { referencePoints: size } = context.sizes;
    const matrix = await readDistances(await distanceFile(context, size), size);
    const [fast, reference] = [new FastClusterer(), new MlHclustClusterer()];
    for (const linkage of LINKAGES) {
      expectEqual(await fast.cluster(matrix, linkage), await reference.cluster(matrix, linkage), linkage);
    }
    return { ours: () => timeClusterer(fast, matrix), peer: () => timeClusterer(reference, matrix) };
  },
};

async function timeClusterer(clusterer, matrix) {
  const start = performance.now();
  await clusterer.cluster(matrix, 'average');
  return { seconds: (performance.now() - start) / 1000, amount: matrix.size - 1 };
}

/** Throws unless two dendrograms have the same cophenetic distances. */
function expectEqual(one, other, linkage) {
  const [first, second] = [copheneticDistances(one).values, copheneticDistances(other).values];
  const difference = first.reduce(
    (largest, height, k) => Math.max(largest, Math.abs(height - second[k]) / second[k]),
    0,
  );
  if (difference > TOLERANCE) {
    throw new Error(`${linkage}: the engines' heights differ by up to ${difference}`);
  }
}
