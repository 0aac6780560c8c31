import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createAnalyzer, writeHashVector } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import { MemoryDisksPlugin } from '@virt-similarity/testing';
import drawing from '../../../../fixtures/drawing-plugin.js';

const DISKS = {
  'memory:a': new Uint8Array(2048).fill(1, 0, 1024),
  'memory:b': new Uint8Array(1024).fill(1, 0, 512).fill(2, 512),
};

test.each([
  ['in the main thread', { plugins: [new MemoryDisksPlugin(DISKS), hashers, drawing] }],
  ['in a thread', { plugins: [new MemoryDisksPlugin(DISKS), hashers], isolated: [drawing] }],
])('a reporter %s can read the runs of pairs of vectors, in memory and in files', async (_, parts) => {
  const directory = await mkdtemp(join(tmpdir(), 'vectors-in-reports-'));
  try {
    const analyzer = createAnalyzer(parts);
    const inFile = join(directory, 'a.arrow');
    for await (const outcome of analyzer.hash(['memory:a'], { blockSize: 512 })) {
      if (outcome.vector !== undefined) {
        await writeHashVector(outcome.vector, inFile);
      }
    }
    const analysis = await analyzer.analyze([inFile, 'memory:b', 'memory:a'], { blockSize: 512 });
    for (let repetition = 0; repetition < 2; repetition++) {
      let text = '';
      for await (const piece of analyzer.report('drawing', analysis)) {
        text += piece;
      }
      expect(text.split('\n')).toEqual([
        'a.arrow memory:b edzz',
        'a.arrow memory:a eezz',
        'memory:b memory:a edzz',
        '',
      ]);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});
