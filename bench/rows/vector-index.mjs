import { utimes } from 'node:fs/promises';
import { compareByPosition, openHashVector, VectorIndex } from '@virt-similarity/core';
import { warm } from '../inputs/disks.mjs';
import { unequalVectorFiles } from '../inputs/vector-files.mjs';

/** The modification time that the vector files get, in seconds since 1970. */
const HASHED_AT = 1_700_000_000;
const OPTIONS = { onWarning: fail };

/**
 * An index of many vectors: comparing one vector with it, building it, and adding a vector. The peer compares all pairs
 * of vectors. Both sides run in this process. The vectors are open before the clock starts.
 */
export const vectorIndexRows = [
  {
    name: 'indexed-files',
    title: ({ between: { columns } }) =>
      `one vector against ${columns} in files, by position, opening their index included`,
    goal: { time: 0.02 },
    async prepare({ row, columns, cache }) {
      await VectorIndex.of(columns, { cache, ...OPTIONS });
      return () => timed(async () => (await VectorIndex.of(columns, { cache, ...OPTIONS })).compare([row]));
    },
  },
  {
    name: 'indexed-memory',
    title: ({ between: { columns } }) => `one vector against an index of ${columns} in memory, by position`,
    goal: { time: 0.02 },
    async prepare({ row, columns }) {
      const index = await VectorIndex.of(columns, OPTIONS);
      return () => timed(() => index.compare([row]));
    },
  },
  {
    name: 'index-build',
    title: ({ between: { columns } }) => `building the index of ${columns} vectors in files, in memory`,
    goal: { time: 1 },
    async prepare({ columns }) {
      return () => timed(() => VectorIndex.of(columns, OPTIONS));
    },
  },
  {
    name: 'index-add',
    title: ({ between: { columns } }) => `adding one vector to the index of ${columns} in a file`,
    goal: { time: 0.02 },
    async prepare({ row, columns, cache }) {
      return async () => {
        // Removes what the previous run added.
        const index = await VectorIndex.of(columns, { cache, ...OPTIONS });
        return timed(() => index.add([row]));
      };
    },
  },
].map(({ prepare, ...row }) => ({
  ...row,
  against: ({ between: { columns } }) => `all pairs of the ${columns}`,
  unit: 'runs',
  tools: [],
  async prepare(context) {
    const vectors = await openVectors(context);
    const columns = vectors.slice(0, -1);
    const cache = await context.data.ready(`vector-index-${columns.length}`, (path) =>
      VectorIndex.of(columns, { cache: path }),
    );
    const ours = await prepare({ row: vectors.at(-1), columns, cache });
    return { ours, peer: () => timed(() => compareByPosition(columns)) };
  },
}));

async function openVectors(context) {
  const { between } = context.sizes;
  const files = await unequalVectorFiles(context, between.columns + 1, between);
  await warm(files);
  const vectors = [];
  for (const file of files) {
    // Files that were just written are not indexed on disk.
    await utimes(file, HASHED_AT, HASHED_AT);
    vectors.push(await openHashVector(file));
  }
  return vectors;
}

async function timed(run) {
  const start = performance.now();
  await run();
  return { seconds: (performance.now() - start) / 1000, amount: 1 };
}

function fail(warning) {
  throw new Error(warning);
}
