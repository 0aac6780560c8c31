import { describe, expect, test } from '@jest/globals';
import { blockHasherContract } from '@virt-similarity/contract-tests';
import plugin from '@virt-similarity/hashers';
import doubtful from '../../fixtures/doubtful-hashers.js';

for (const [name, Hasher] of Object.entries(plugin.hashers)) {
  describe(name, () => {
    for (const { title, run } of blockHasherContract(() => new Hasher())) {
      test(title, run);
    }
  });
}

/** Those whose faults show in one thread. */
const DOUBTFUL = Object.entries(doubtful.hashers).filter(([name]) => !['seeded', 'unequal'].includes(name));

test.each(DOUBTFUL)('a hasher that is no function of the block does not pass: %s', async (_, Hasher) => {
  const outcomes = await Promise.allSettled(blockHasherContract(() => new Hasher()).map(({ run }) => run()));
  expect(outcomes).toContainEqual({ status: 'rejected', reason: expect.objectContaining({ code: 'ERR_ASSERTION' }) });
});

test('the plugin offers sha256, md5, blake3 and xxh128 and says where it is imported from', () => {
  expect(Object.keys(plugin.hashers)).toEqual(['sha256', 'md5', 'blake3', 'xxh128']);
  expect(plugin.url).toMatch(/^file:.*hashers\/dist\/index\.js$/);
});
