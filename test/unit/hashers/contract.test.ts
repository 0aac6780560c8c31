import { describe, expect, test } from '@jest/globals';
import { blockHasherContract } from '@virt-similarity/contract-tests';
import plugin from '@virt-similarity/hashers';

for (const Hasher of plugin.hashers) {
  describe(new Hasher().name, () => {
    for (const { title, run } of blockHasherContract(() => new Hasher())) {
      test(title, run);
    }
  });
}

test('the plugin offers sha256, md5, blake3 and xxh128 and says where it is imported from', () => {
  expect(plugin.hashers.map((Hasher) => new Hasher().name)).toEqual(['sha256', 'md5', 'blake3', 'xxh128']);
  expect(plugin.url).toMatch(/^file:.*hashers\/dist\/index\.js$/);
});
