import { describe, expect, test } from '@jest/globals';
import {
  type AnalyzerParts,
  type CompareRequest,
  createAnalyzer,
  EXECUTOR,
  type ExecutionRun,
  type Executor,
  type HashOutcome,
  type HashRequest,
  type HashVector,
  LOCAL_EXECUTOR,
  MemoryVectorStore,
  type PairwiseCounts,
  receivedOutcome,
  sentOutcome,
  type Tile,
  type TileRequest,
  VirtSimilarityError,
  wording,
} from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import { MemoryDisksPlugin } from '@virt-similarity/testing';
import { container, inject, injectable } from 'tsyringe';

const DISKS = Object.fromEntries(
  Array.from({ length: 7 }, (_, index) => [
    `memory:${index}`,
    // Half of the blocks are the same in every disk.
    Uint8Array.from({ length: 16 * 512 }, (__, byte) => (byte < 8 * 512 ? byte >> 9 : (byte >> 9) % (index + 2))),
  ]),
);
const PATHS = Object.keys(DISKS);
const OPTIONS = { blockSize: 512, jobs: 1 } as const;

/**
 * Sends structured clones of requests to the local executor, as if it were in another process. Images are hashed one by
 * one, and a tile is compared column by column. Hashing and comparing all pairs are executed twice.
 */
@injectable()
class SplittingExecutor implements Executor {
  readonly calls: string[] = [];

  constructor(@inject(LOCAL_EXECUTOR) readonly local: Executor) {}

  async *hash(request: HashRequest, run: ExecutionRun): AsyncGenerator<HashOutcome> {
    for (const source of request.sources) {
      this.calls.push(`hash ${source.path}`);
      const sent = structuredClone({ ...request, sources: [source] });
      for await (const _ of this.local.hash(sent, silent(run))) {
      }
      for await (const outcome of this.local.hash(structuredClone(sent), run)) {
        yield receivedOutcome(structuredClone(await sentOutcome(outcome)));
      }
    }
  }

  async compare(request: CompareRequest, run: ExecutionRun): Promise<PairwiseCounts> {
    this.calls.push(`compare ${request.vectors.length} by ${request.alignment}`);
    await this.local.compare(structuredClone(request), silent(run));
    return this.local.compare(structuredClone(request), run);
  }

  async compareWith({ alignment, rows, columns }: TileRequest, run: ExecutionRun): Promise<Tile> {
    const tiles: Tile[] = [];
    for (const column of columns) {
      this.calls.push(`compare ${rows.length} with ${column.header.name}`);
      tiles.push(await this.local.compareWith(structuredClone({ alignment, rows, columns: [column] }), run));
    }
    const whole = (member: 'equal' | 'common') =>
      Uint32Array.from({ length: rows.length * columns.length }, (_, pair) => {
        return tiles[pair % columns.length]![member][Math.floor(pair / columns.length)]!;
      });
    return {
      alignment,
      rowBlocks: tiles[0]!.rowBlocks,
      columnBlocks: Float64Array.from(tiles, (tile) => tile.columnBlocks[0]!),
      equal: whole('equal'),
      common: whole('common'),
    };
  }
}

function silent(run: ExecutionRun): ExecutionRun {
  return { ...run, onProgress: () => {} };
}

function compose(members: Partial<AnalyzerParts> = {}) {
  return createAnalyzer({ plugins: [new MemoryDisksPlugin(DISKS), hashers], ...members });
}

/** Returns an analyzer with a custom executor from the container, and the executor's calls. */
function composeSplitting() {
  const services = container.createChildContainer();
  services.registerSingleton(EXECUTOR, SplittingExecutor);
  const analyzer = compose({ container: services, store: new MemoryVectorStore() });
  return { analyzer, calls: (analyzer.executor as SplittingExecutor).calls };
}

async function vectorsOf(analyzer: ReturnType<typeof compose>): Promise<HashVector[]> {
  const vectors: HashVector[] = [];
  for await (const outcome of analyzer.hash(PATHS, OPTIONS)) {
    if (outcome.error !== undefined) {
      throw outcome.error;
    }
    vectors.push(outcome.vector);
  }
  return vectors.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

describe('an executor', () => {
  test.each([
    ['hamming', 'position'],
    ['shared-content', 'free'],
  ])('of a program hashes and compares with the same result as the default, by %s', async (metric, alignment) => {
    const { analyzer, calls } = composeSplitting();
    const expected = await compose().analyze(PATHS, { ...OPTIONS, metric });
    const found = await analyzer.analyze(PATHS, { ...OPTIONS, metric });
    expect(found.distances).toEqual(expected.distances);
    expect(new Set(found.distances.values).size).toBeGreaterThan(2);
    expect(found.dendrogram).toEqual(expected.dendrogram);
    expect(found.images.map(({ repeatedBlocks }) => repeatedBlocks)).toEqual(
      expected.images.map(({ repeatedBlocks }) => repeatedBlocks),
    );
    expect(calls).toEqual([
      ...PATHS.map((path) => `hash ${path}`),
      'compare 7 by position',
      ...(metric === 'hamming' ? [] : [`compare 7 by ${alignment}`]),
    ]);
  });

  test('of a program compares two groups with the same result as the default', async () => {
    const { analyzer, calls } = composeSplitting();
    const vectors = await vectorsOf(compose());
    const [rows, columns] = [vectors.slice(0, 2), vectors.slice(2)];
    expect(await analyzer.compareWith(rows, columns)).toEqual(await compose().compareWith(rows, columns));
    expect(calls).toEqual(columns.map(({ name }) => `compare 2 with ${name}`));
  });

  test('can be an argument, receives no images that cannot be found, and fails the run with its errors', async () => {
    const requests: HashRequest[] = [];
    const failing: Executor = {
      async *hash(request) {
        requests.push(request);
        yield* [];
      },
      compare: () => Promise.reject(new Error('no machine answers')),
      compareWith: () => Promise.reject(new Error('no machine answers')),
    };
    const analyzer = compose({ executor: failing });
    expect(analyzer.executor).toBe(failing);
    await expect(analyzer.compare(await vectorsOf(compose()))).rejects.toThrow('no machine answers');
    const outcomes = [];
    for await (const each of analyzer.hash([import.meta.dirname], OPTIONS)) {
      outcomes.push(each);
    }
    expect(outcomes).toMatchObject([{ path: import.meta.dirname, error: { code: 'refused' } }]);
    expect(requests.map(({ sources }) => sources)).toEqual([[]]);
  });

  test('can send failures, including the options that their messages name', async () => {
    const error = new VirtSimilarityError('in-use', wording`wait, or set ${{ option: 'allowInUse', value: true }}`, {
      image: 'a',
    });
    const received = receivedOutcome(structuredClone(await sentOutcome({ path: 'a', error })));
    expect(received).toMatchObject({ path: 'a', error: { code: 'in-use', image: 'a', message: error.message } });
    expect(received.error?.remedy).toEqual(error.remedy);
  });

  test.each<[string, (outcomes: HashOutcome[]) => HashOutcome[], string]>([
    ['that omits an image', (all) => all.slice(1), 'an outcome for memory:'],
    ['that repeats an image', (all) => [...all, all[0]!], 'one outcome for each image, found another for memory:'],
    ['that invents an image', (all) => [...all, { ...all[0]!, path: 'b' }], 'found another for b; fix the executor'],
  ])('%s is reported as broken', async (_, change, message) => {
    const { executor } = compose();
    const careless: Executor = {
      ...executor,
      async *hash(request, run) {
        const outcomes: HashOutcome[] = [];
        for await (const outcome of executor.hash(request, run)) {
          outcomes.push(outcome);
        }
        yield* change(outcomes);
      },
    };
    const failures: string[] = [];
    const hashing = async () => {
      for await (const each of compose({ executor: careless }).hash(PATHS, OPTIONS)) {
        failures.push(...(each.error !== undefined ? [each.error.message] : []));
      }
    };
    await hashing().catch((thrown: Error) => failures.push(thrown.message));
    expect(failures).toEqual([expect.stringMatching(new RegExp(`^\\[executor\\] .*${message}`))]);
  });

  test.each<[string, (executor: Executor) => Partial<Executor>, string]>([
    [
      'fewer vectors',
      (executor) => ({
        compare: ({ vectors, ...request }, run) => executor.compare({ ...request, vectors: vectors.slice(1) }, run),
      }),
      'expected counts of 21 pairs of 7 vectors, found 15 of 6',
    ],
    [
      'fewer columns',
      (executor) => ({
        compareWith: ({ columns, ...request }, run) =>
          executor.compareWith({ ...request, columns: columns.slice(1) }, run),
      }),
      'expected a tile of 7 × 7 pairs, found 7 × 6',
    ],
  ])('is reported as broken if it returns counts of %s', async (_, change, message) => {
    const { executor } = compose();
    const careless = { hash: executor.hash.bind(executor), compare: executor.compare.bind(executor) };
    const complete = { ...careless, compareWith: executor.compareWith.bind(executor), ...change(executor) };
    const vectors = await vectorsOf(compose());
    const analyzer = compose({ executor: complete });
    const comparing = async () => {
      await analyzer.compare(vectors);
      await analyzer.compareWith(vectors, vectors);
    };
    await expect(comparing()).rejects.toMatchObject({ code: 'plugin', message: expect.stringContaining(message) });
  });

  test('is reported as broken if it does not count repeated blocks', async () => {
    const vectors = await vectorsOf(compose());
    const careless: Executor = {
      ...compose().executor,
      compare: async (request, run) => {
        const { repeated: _, ...counts } = await compose().executor.compare(request, run);
        return counts;
      },
    };
    await expect(compose({ executor: careless }).compare(vectors)).rejects.toMatchObject({
      code: 'plugin',
      message: '[executor] expected counts of repeated blocks of 7 vectors, found none; fix the executor',
    });
  });

  test('is shared by the analyzer and all parts, even if it is registered as a transient class', () => {
    const services = container.createChildContainer();
    services.register(EXECUTOR, { useClass: SplittingExecutor });
    let injected: Executor | undefined;
    @injectable()
    class Asking {
      readonly summary = 'asks for the executor';
      constructor(@inject(EXECUTOR) executor: Executor) {
        injected = executor;
      }
      run() {
        return 0;
      }
    }
    const analyzer = compose({ plugins: [{ name: 'asking', commands: { asking: Asking } }], container: services });
    expect(analyzer.commands).toHaveLength(1);
    expect(injected).toBeInstanceOf(SplittingExecutor);
    expect(injected).toBe(analyzer.executor);
  });

  test.each<[string, Partial<HashRequest>, Partial<ExecutionRun>]>([
    ['0 jobs', {}, { jobs: 0 }],
    ['jobs that are not a number', {}, { jobs: Number.NaN }],
    ['an empty cache path', { cache: '' }, {}],
    ['an unknown sandbox', { sandbox: 'none' as 'off' }, {}],
    ['a maximum size that is not a number', { maxVirtualSize: Number.NaN }, {}],
    ['paths as sources', { sources: ['a'] as never }, {}],
    ['no allowed directories', { allowedDirectories: undefined as never }, {}],
  ])('refuses a request with %s', async (_, request, run) => {
    const { executor } = compose();
    const usable: HashRequest = {
      ...{ sources: [{ path: 'memory:0' }], allowedDirectories: [], reader: 'auto', hasher: 'md5', blockSize: 512 },
      ...{ cache: false, maxVirtualSize: 2 ** 40, allowInUse: false, sandbox: 'off' },
    };
    const silentRun: ExecutionRun = { jobs: 1, onProgress: () => {}, onNote: () => {} };
    const outcomesOf = async (given: HashRequest, execution: ExecutionRun) => {
      const outcomes: HashOutcome[] = [];
      for await (const outcome of executor.hash(given, execution)) {
        outcomes.push(outcome);
      }
      return outcomes;
    };
    expect(await outcomesOf(usable, silentRun)).toMatchObject([{ path: 'memory:0', vector: { algorithm: 'md5' } }]);
    await expect(outcomesOf({ ...usable, ...request }, { ...silentRun, ...run })).rejects.toMatchObject({
      code: 'usage',
    });
  });

  test('is injected into parts', async () => {
    @injectable()
    class Asking {
      readonly summary = 'asks for the executor';
      constructor(@inject(EXECUTOR) readonly executor: Executor) {}
      run() {
        return 0;
      }
    }
    const analyzer = compose({ plugins: [{ name: 'asking', commands: { asking: Asking } }] });
    expect(analyzer.commands).toMatchObject([{ part: { executor: analyzer.executor } }]);
  });
});
