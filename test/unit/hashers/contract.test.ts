import { describe, expect, test } from '@jest/globals';
import plugin from '@virt-similarity/hashers';
import { blockHasherContract } from '@virt-similarity/testing';
import doubtful from '../../fixtures/doubtful-hashers.js';

for (const [name, Hasher] of Object.entries(plugin.hashers)) {
  describe(name, () => {
    for (const { title, run } of blockHasherContract(() => new Hasher())) {
      test(title, run);
    }
  });
}

/** Hashers with faults that occur in a single thread. */
const DOUBTFUL = Object.entries(doubtful.hashers).filter(([name]) => !['seeded', 'unequal'].includes(name));

test.each(DOUBTFUL)('the hasher contract rejects a hasher with a fault: %s', async (_, Hasher) => {
  const outcomes = await Promise.allSettled(blockHasherContract(() => new Hasher()).map(({ run }) => run()));
  expect(outcomes).toContainEqual({ status: 'rejected', reason: expect.objectContaining({ code: 'ERR_ASSERTION' }) });
});

test('the plugin registers sha256, md5, blake3 and xxh128, and has its URL', () => {
  expect(Object.keys(plugin.hashers)).toEqual(['sha256', 'md5', 'blake3', 'xxh128']);
  expect(plugin.url).toMatch(/^file:.*hashers\/dist\/index\.js$/);
});
