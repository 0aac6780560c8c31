import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Analysis, condensedIndex, createAnalyzer } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import { diskFamily, ext4, plainContent } from '../fixtures/index.js';

/** The demo's images, with ext4 file systems and with plain content. */
describe.each([
  ['ext4', ext4],
  ['plain content', plainContent],
])('a family of disk images with %s', (_, builder) => {
  let directory: string;
  let analysis: Analysis;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'virt-similarity-family-'));
    const members = await diskFamily(builder, directory);
    const analyzer = createAnalyzer({ plugins: [readers, hashers] });
    analysis = await analyzer.analyze(
      members.map(({ path }) => path),
      { cache: false },
    );
  });

  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  function imageNumber(name: string): number {
    return analysis.images.findIndex(({ path }) => basename(path) === name);
  }

  function distance(first: string, second: string): number {
    const { size, values } = analysis.distances;
    return values[condensedIndex(size, imageNumber(first), imageNumber(second))] ?? Number.NaN;
  }

  /** Returns the sorted names of the images below a cluster of the dendrogram. */
  function namesBelow(cluster: number): string[] {
    const { size, merges } = analysis.dendrogram;
    const merge = merges[cluster - size];
    return merge === undefined
      ? [basename(analysis.images[cluster]?.path ?? '')]
      : [...namesBelow(merge.left), ...namesBelow(merge.right)].sort();
  }

  test('is analysed completely', () => {
    expect(analysis.failures).toEqual([]);
    expect(analysis.images).toHaveLength(9);
  });

  test('is divided at the root into the routers and all other images', () => {
    const root = analysis.dendrogram.merges.at(-1);
    expect([root?.left ?? 0, root?.right ?? 0].map(namesBelow)).toContainEqual(['router-2.raw', 'router.raw']);
  });

  test('has distance 0 between equal contents in different formats', () => {
    expect(distance('golden.raw', 'template.qcow2')).toBe(0);
    expect(distance('web-backup.raw', 'web.qcow2')).toBe(0);
  });

  test('has clones that are closer to their origin than to another image', () => {
    expect(distance('web-2.qcow2', 'web.qcow2')).toBeLessThan(distance('web-2.qcow2', 'golden.raw'));
    expect(distance('database.qcow2', 'golden.raw')).toBeLessThan(distance('database.qcow2', 'router.raw'));
    expect(distance('mail.vmdk', 'golden.raw')).toBeLessThan(distance('mail.vmdk', 'database.qcow2'));
  });

  test('has a distance between a clone and its origin of about the number of written blocks', () => {
    const blocksPerMiB = 16;
    expect(distance('web.qcow2', 'golden.raw')).toBeGreaterThanOrEqual(3 * blocksPerMiB);
    expect(distance('web.qcow2', 'golden.raw')).toBeLessThan(4 * blocksPerMiB);
  });
});
