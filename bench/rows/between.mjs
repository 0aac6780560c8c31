import { dirname } from 'node:path';
import { runChild } from '../command.mjs';
import { warm } from '../inputs/disks.mjs';
import { unequalVectorFiles } from '../inputs/vector-files.mjs';

/**
 * Comparing one vector with many vectors, against comparing all pairs of the many vectors. The vectors are in files
 * that are already open, or in memory.
 */
export const betweenRows = [
  ...['files', 'memory'].map((from) => betweenRow('position', from)),
  betweenRow('free', 'files'),
];

function betweenRow(alignment, from) {
  const compared = alignment === 'position' ? 'by position' : 'contents';
  return {
    name: `between-${alignment}-${from}`,
    title: ({ between: { columns } }) => `one vector against ${columns} in ${from}, ${compared}, reading included`,
    against: ({ between: { columns } }) => `all pairs of the ${columns}`,
    goal: { time: 0.02 },
    unit: 'runs',
    tools: [],
    async prepare(context) {
      const { columns } = context.sizes.between;
      const files = await unequalVectorFiles(context, columns + 1, context.sizes.between);
      await warm(files);
      const run = (rows) => async () => {
        const input = { directory: dirname(files[0]), columns, rows, alignment, from };
        return { ...(await runChild('compare-between.mjs', input)), amount: 1 };
      };
      return { ours: run(1), peer: run(0) };
    },
  };
}
