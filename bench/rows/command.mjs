import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createAnalyzer } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import { timeCommand } from '../command.mjs';
import { warm } from '../inputs/disks.mjs';
import { cachedGuests } from '../inputs/vector-files.mjs';
import { VIRT_SIMILARITY } from '../library.mjs';

/** A run that finds every image in the cache, against reading the vector files and starting Node.js. */
export const cachedRow = {
  name: 'cached',
  title: ({ cached }) => `${cached} images, all cached, whole command`,
  against: () => 'cat of their vector files, and node -e 0',
  goal: { time: 3 },
  unit: 'runs',
  tools: ['cat'],
  async prepare(context) {
    const { disks, cache } = await cachedGuests(context);
    const vectors = (await readdir(cache)).map((name) => join(cache, name));
    await expectCached(disks, cache);
    await warm(vectors);
    return {
      ours: async () => ({
        seconds: await timeCommand(process.execPath, [VIRT_SIMILARITY, '--quiet', '--cache', cache, disks]),
        amount: 1,
      }),
      peer: async () => ({ seconds: (await timeCommand('cat', vectors)) + (await timeBareNode()), amount: 1 }),
    };
  },
};

/** Printing the help, which reads no image: mostly the time to start. */
export const helpRow = {
  name: 'help',
  title: () => 'virt-similarity --help',
  against: () => 'node -e 0',
  goal: { time: 3 },
  unit: 'runs',
  tools: [],
  async prepare() {
    return {
      ours: async () => ({ seconds: await timeCommand(process.execPath, [VIRT_SIMILARITY, '--help']), amount: 1 }),
      peer: async () => ({ seconds: await timeBareNode(), amount: 1 }),
    };
  },
};

/** Throws unless every disk is cached. Otherwise a miss would go unnoticed, because hashing a hole takes no time. */
async function expectCached(disks, cache) {
  for await (const { path, cached } of createAnalyzer({ plugins: [readers, hashers] }).hash([disks], { cache })) {
    if (!cached) {
      throw new Error(`expected ${path} to be in the cache ${cache}`);
    }
  }
}

function timeBareNode() {
  return timeCommand(process.execPath, ['-e', '0']);
}
