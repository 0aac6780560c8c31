import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createAnalyzer } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';

const MIB = 1024 * 1024;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'at-once-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** Returns the number of threads of this process, including those of Node.js. */
async function threads(): Promise<number> {
  return (await readdir('/proc/self/task')).length;
}

test('twenty concurrent analyses share one pool of threads and return the same distances as one analysis', async () => {
  const paths = await Promise.all(
    [1, 2, 3].map(async (disk) => {
      const path = join(directory, `${disk}.raw`);
      await writeFile(path, Buffer.alloc(24 * MIB, disk).fill(7, 0, disk * MIB));
      return path;
    }),
  );
  const analyzer = createAnalyzer({ plugins: [readers, hashers] });
  const { distances } = await analyzer.analyze(paths);
  const before = await threads();
  let most = 0;
  const onProgress = async (): Promise<void> => {
    most = Math.max(most, await threads());
  };
  const analyses = await Promise.all(
    Array.from({ length: 20 }, () => analyzer.analyze(paths, { onProgress: () => void onProgress() })),
  );
  for (const analysis of analyses) {
    expect(analysis.distances).toEqual(distances);
  }
  // Node.js itself starts up to four threads for file operations.
  expect(most - before).toBeLessThanOrEqual(availableParallelism() + 4);
  expect(most).toBeGreaterThan(0);
});
