import { expect, test } from '@jest/globals';
import { createAnalyzer, type Plugin } from '@virt-similarity/core';
import { MemoryDisksPlugin } from '@virt-similarity/testing';
import preparing, { PREPARATIONS } from '../../../../fixtures/preparing-plugin.js';

/** Without a URL, its hashers run in the main thread. */
const { url: _, ...withoutUrl } = preparing;

test.each<[string, number, Plugin]>([
  ['in threads', 0, preparing],
  ['in the main thread', 1, withoutUrl],
])(
  'a hasher %s is prepared before its first block; two runs prepare it %d times in the main thread',
  async (_title, times, plugin) => {
    const disks = new MemoryDisksPlugin({ 'memory:a': new Uint8Array(1024).fill(3) });
    const analyzer = createAnalyzer({ plugins: [disks, plugin] });
    const before = PREPARATIONS.count;
    for (let run = 0; run < 2; run++) {
      for await (const outcome of analyzer.hash(['memory:a'], { hasher: 'preparing', blockSize: 512, jobs: 1 })) {
        if (outcome.error !== undefined) {
          throw outcome.error;
        }
        const { storage } = outcome.vector;
        expect(storage?.kind === 'memory' && [...storage.digests]).toEqual([7, 3, 7, 3]);
      }
    }
    expect(PREPARATIONS.count - before).toBe(times);
  },
);
