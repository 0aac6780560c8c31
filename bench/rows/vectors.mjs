import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { createAnalyzer } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import { runChild, runCommand } from '../command.mjs';
import { warm } from '../inputs/disks.mjs';
import { labelFile, vectorFiles } from '../inputs/vector-files.mjs';
import { PYTHON } from '../peers.mjs';

const PDIST = new URL('../children/pdist.py', import.meta.url).pathname;
const HASHER = { name: 'sha256', digestLength: 32 };

/**
 * All pairs of many vectors in files, against SciPy. One SciPy process per core runs on labels in memory, each on the
 * same first few vectors. SciPy and this library must compute the same sum of the distances of these vectors.
 */
export const vectorsRow = {
  name: 'vectors',
  title: ({ vectors: { count, blocks } }) => `all pairs of ${count} vectors of ${blocks} blocks, reading included`,
  against: ({ vectors: { sample } }) =>
    `${availableParallelism()} × SciPy pdist(hamming) of ${sample} of them in memory`,
  goal: { speed: 20 },
  unit: 'comparisons',
  tools: ['scipy'],
  async prepare(context) {
    const { count, sample, blocks } = context.sizes.vectors;
    const files = await vectorFiles(context, HASHER, count, blocks);
    await warm(files);
    const labels = await labelFile(context, sample, blocks);
    const sum = await sumOfDistances(files.slice(0, sample));
    return {
      ours: async () => ({
        ...(await runChild('compare.mjs', { directory: dirname(files[0]), hasher: HASHER.name, count })),
        amount: comparisons(count, blocks),
      }),
      peer: () => runPdist(labels, sample, blocks, sum),
    };
  },
};

async function runPdist(labels, sample, blocks, expectedSum) {
  const args = [PDIST, labels, String(sample), String(blocks)];
  const processes = Array.from({ length: availableParallelism() }, () => runCommand(PYTHON, args, { output: 'pipe' }));
  const runs = (await Promise.all(processes)).map((printed) => JSON.parse(printed));
  const different = runs.find(({ sum }) => sum !== expectedSum);
  if (different) {
    throw new Error(`expected SciPy's distances to add up to our sum ${expectedSum}, found ${different.sum}`);
  }
  return {
    seconds: Math.max(...runs.map(({ seconds }) => seconds)),
    amount: runs.length * comparisons(sample, blocks),
  };
}

async function sumOfDistances(files) {
  const { distances } = await createAnalyzer({ plugins: [hashers] }).analyze(files, { hasher: HASHER.name });
  return distances.values.reduce((sum, distance) => sum + distance, 0);
}

const comparisons = (count, blocks) => ((count * (count - 1)) / 2) * blocks;
