import { describe, expect, test } from '@jest/globals';
import {
  AutoClusterer,
  type Clusterer,
  type CondensedMatrix,
  type Dendrogram,
  FastClusterer,
  LINKAGES,
  type Linkage,
  MlHclustClusterer,
  partToken,
} from '@virt-similarity/core';
import { container } from 'tsyringe';

/** Records its name instead of clustering. */
class RecordingClusterer implements Clusterer {
  constructor(
    readonly name: string,
    readonly linkages: readonly Linkage[],
    readonly calls: string[],
  ) {}

  cluster({ size }: CondensedMatrix): Dendrogram {
    this.calls.push(this.name);
    return { size, merges: [], inverted: false };
  }
}

async function engineFor(size: number, linkage: Linkage): Promise<string[]> {
  const calls: string[] = [];
  const auto = new AutoClusterer(
    new RecordingClusterer('ml-hclust', LINKAGES, calls),
    new RecordingClusterer('fast', ['single', 'ward'], calls),
  );
  await auto.cluster({ size, values: new Float64Array((size * (size - 1)) / 2) }, linkage);
  return calls;
}

describe('AutoClusterer', () => {
  test('uses the fast engine for the linkages that it supports, even for few items', async () => {
    expect(await engineFor(2, 'single')).toEqual(['fast']);
    expect(await engineFor(300, 'ward')).toEqual(['fast']);
  });

  test('uses ml-hclust for linkages that the fast engine lacks', async () => {
    expect(await engineFor(2, 'median')).toEqual(['ml-hclust']);
  });

  /** Resolves the clusterer from a container with its engines, which are registered as in an analyzer. */
  function composed(): AutoClusterer {
    const own = container.createChildContainer();
    own.register(partToken('clusterer', 'ml-hclust'), { useClass: MlHclustClusterer });
    own.register(partToken('clusterer', 'fast'), { useClass: FastClusterer });
    return own.resolve(AutoClusterer);
  }

  test('can be resolved by the container', async () => {
    const auto = composed();
    const { merges } = await auto.cluster({ size: 2, values: Float64Array.of(3) }, 'centroid');
    expect(merges).toEqual([{ left: 0, right: 1, height: 3, size: 2 }]);
  });

  test('supports every linkage', () => {
    expect(composed().linkages).toEqual(LINKAGES);
  });
});
