import { describe, expect, test } from '@jest/globals';
import reporters from '@virt-similarity/reporters';
import { pluginContract } from '@virt-similarity/testing';

describe('the plugin @virt-similarity/reporters', () => {
  for (const { title, run } of pluginContract(reporters.url)) {
    test(title, run);
  }

  test('has the URL that it can be imported from', async () => {
    expect((await import(reporters.url)).default).toBe(reporters);
  });
});
