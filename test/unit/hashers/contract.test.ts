import { describe, expect, test } from '@jest/globals';
import { blockHasherContract } from '@virt-similarity/contract-tests';
import plugin from '@virt-similarity/hashers';
import doubtful from '../../fixtures/doubtful-hashers.js';

for (const Hasher of plugin.hashers) {
  describe(new Hasher().name, () => {
    for (const { title, run } of blockHasherContract(() => new Hasher())) {
      test(title, run);
    }
  });
}

/** Those whose faults show in one thread. */
const DOUBTFUL = doubtful.hashers.filter((Hasher) => !['seeded', 'unequal'].includes(new Hasher().name));

test.each(DOUBTFUL.map((Hasher) => [new Hasher().name, Hasher] as const))(
  'a hasher that is no function of the block does not pass: %s',
  async (_, Hasher) => {
    const outcomes = await Promise.allSettled(blockHasherContract(() => new Hasher()).map(({ run }) => run()));
    expect(outcomes).toContainEqual({ status: 'rejected', reason: expect.objectContaining({ code: 'ERR_ASSERTION' }) });
  },
);

test('the plugin offers sha256, md5, blake3 and xxh128 and says where it is imported from', () => {
  expect(plugin.hashers.map((Hasher) => new Hasher().name)).toEqual(['sha256', 'md5', 'blake3', 'xxh128']);
  expect(plugin.url).toMatch(/^file:.*hashers\/dist\/index\.js$/);
});
