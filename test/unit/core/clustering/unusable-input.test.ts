import { describe, expect, test } from '@jest/globals';
import { FastClusterer, MlHclustClusterer } from '@virt-similarity/core';

describe.each([new MlHclustClusterer(), new FastClusterer()])('$name', (clusterer) => {
  test.each(clusterer.linkages)('refuses an invalid distance under %s linkage', async (linkage) => {
    const matrix = { size: 3, values: Float64Array.of(1, Number.NaN, 2) };
    await expect(async () => clusterer.cluster(matrix, linkage)).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('FastClusterer', () => {
  test.each(['centroid', 'median'] as const)('names the engine that supports %s linkage', (linkage) => {
    const matrix = { size: 2, values: Float64Array.of(1) };
    expect(() => new FastClusterer().cluster(matrix, linkage)).toThrow(
      `found ${linkage}; choose \`clusterer: 'ml-hclust'\``,
    );
  });
});
