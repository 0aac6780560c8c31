import { describe, expect, test } from '@jest/globals';
import {
  type AnalyzerParts,
  createAnalyzer,
  type HashOptions,
  type HashOutcome,
  MemoryVectorStore,
  type Plugin,
  VECTOR_STORE,
  type VectorStore,
  VirtSimilarityError,
} from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import { MemoryDisksPlugin } from '@virt-similarity/testing';
import { container } from 'tsyringe';

const DISKS = { 'memory:a': new Uint8Array(1024).fill(1), 'memory:b': new Uint8Array(1024).fill(2) };
const IMAGES = Object.keys(DISKS);

/** Hashes the images with an analyzer of these parts. Returns the disks and the outcomes. */
async function hashBy(
  parts: Partial<AnalyzerParts>,
  options: HashOptions = {},
  disks = new MemoryDisksPlugin(DISKS),
): Promise<{ readonly disks: MemoryDisksPlugin; readonly outcomes: readonly HashOutcome[] }> {
  const analyzer = createAnalyzer({ ...parts, plugins: [disks, hashers, ...(parts.plugins ?? [])] });
  const outcomes: HashOutcome[] = [];
  for await (const outcome of analyzer.hash(IMAGES, { blockSize: 512, ...options })) {
    outcomes.push(outcome);
  }
  return { disks, outcomes };
}

function cachedIn(outcomes: readonly HashOutcome[]): readonly string[] {
  return outcomes.filter((outcome) => outcome.vector !== undefined && outcome.cached).map(({ path }) => path);
}

describe('the store of an analyzer', () => {
  test('keeps the vectors of one run for the next', async () => {
    const store = new MemoryVectorStore();
    const { disks } = await hashBy({ store });
    expect(store.size).toBe(2);
    const { outcomes } = await hashBy({ store }, {}, disks);
    expect(cachedIn(outcomes)).toEqual(IMAGES);
    expect(disks.opened.toSorted()).toEqual(IMAGES);
  });

  test('can be registered in the container, which takes precedence over a store that is passed', async () => {
    const [registered, passed] = [new MemoryVectorStore(), new MemoryVectorStore()];
    const own = container.createChildContainer().register(VECTOR_STORE, { useValue: registered });
    await hashBy({ store: passed, container: own });
    expect([registered.size, passed.size]).toEqual([2, 0]);
  });

  test('is injected into parts', async () => {
    const store = new MemoryVectorStore();
    let injected: unknown;
    const plugin: Plugin = {
      name: 'asking',
      metrics: {
        asking: class Asking {
          readonly unit = 'blocks';
          readonly alignment = 'position';
          constructor(given: VectorStore) {
            injected = given;
          }
          distance = () => 0;
        },
      },
    };
    const { inject, injectable } = await import('tsyringe');
    const Asking = plugin.metrics!.asking as never;
    inject(VECTOR_STORE)(Asking, undefined, 0);
    injectable()(Asking);
    await createAnalyzer({ plugins: [new MemoryDisksPlugin(DISKS), hashers, plugin], store }).analyze(IMAGES, {
      metric: 'asking',
      blockSize: 512,
    });
    expect(injected).toBe(store);
    const without = createAnalyzer({ plugins: [new MemoryDisksPlugin(DISKS), hashers, plugin] });
    await expect(without.analyze(IMAGES, { metric: 'asking' })).rejects.toMatchObject({
      code: 'plugin',
      message: expect.stringContaining('it needs vector-store, which is not registered'),
    });
  });

  test('is not used by a run without a cache', async () => {
    const store = new MemoryVectorStore();
    await hashBy({ store }, { cache: false });
    expect(store.size).toBe(0);
  });

  test('does not keep vectors of a volatile image', async () => {
    const store = new MemoryVectorStore();
    const disks = new MemoryDisksPlugin(DISKS);
    disks.makeVolatile('memory:a');
    await hashBy({ store }, {}, disks);
    const { outcomes } = await hashBy({ store }, {}, disks);
    expect(store.size).toBe(1);
    expect(cachedIn(outcomes)).toEqual(['memory:b']);
  });

  test('does not keep vectors of a hasher without a version', async () => {
    const store = new MemoryVectorStore();
    const hasher = {
      digestLength: 1,
      hash: (block: Uint8Array, digest: Uint8Array) => digest.set(block.subarray(0, 1)),
    };
    const parts = { store, plugins: [{ name: 'unversioned', hashers: { first: hasher } }] };
    await hashBy(parts, { hasher: 'first' });
    expect(store.size).toBe(0);
  });

  test('that fails causes one warning each for reading and writing, but not a failed run', async () => {
    const notes: string[] = [];
    const fail = async () => {
      throw new Error('out of reach');
    };
    const onNote = (level: string, message: string) => void notes.push(`${level}: ${message}`);
    const { outcomes } = await hashBy({ store: { find: fail, store: fail } }, { onNote });
    expect(outcomes.map((outcome) => outcome.vector !== undefined && outcome.cached)).toEqual([false, false]);
    expect(notes).toEqual([
      'warning: cannot read from the store: out of reach',
      'warning: cannot write to the store: out of reach',
    ]);
  });

  test('that is refused ends the run before an image is opened', async () => {
    const store: VectorStore = {
      requireAllowed: async () => {
        throw new VirtSimilarityError('refused', 'the store is not yours');
      },
      find: async () => undefined,
      store: async (vector) => vector,
    };
    const disks = new MemoryDisksPlugin(DISKS);
    await expect(hashBy({ store }, {}, disks)).rejects.toMatchObject({ code: 'refused' });
    expect(disks.opened).toEqual([]);
  });
});
