import { describe, expect, test } from '@jest/globals';
import {
  type ConfiguredPlugin,
  createAnalyzer,
  type DistanceMetric,
  HammingMetric,
  LOGGER,
  OPTIONS,
  type OptionValues,
  type PairCounts,
  type PartContext,
  type Plugin,
  partToken,
} from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import { MemoryDisksPlugin } from '@virt-similarity/testing';
import { container, inject, injectable } from 'tsyringe';
import injecting from '../../../../fixtures/injecting-plugin.js';

const DISKS = { 'memory:a': new Uint8Array(1024).fill(1), 'memory:b': new Uint8Array(1024).fill(2) };
const IMAGES = Object.keys(DISKS);
const disks = () => new MemoryDisksPlugin(DISKS);

async function textOf(texts: AsyncIterable<string>): Promise<string> {
  let whole = '';
  for await (const text of texts) {
    whole += text;
  }
  return whole;
}

/** The ways to register a plugin, by where its parts run. */
const PLACES: readonly (readonly [string, (plugin: ConfiguredPlugin) => Parameters<typeof createAnalyzer>[0]])[] = [
  ['in the main thread', (plugin) => ({ plugins: [disks(), hashers, plugin] })],
  ['in the main thread, registered first', (plugin) => ({ plugins: [plugin, disks(), hashers] })],
  ['in threads', (plugin) => ({ plugins: [disks(), hashers], isolated: [plugin] })],
];

describe.each(PLACES)('%s, a part', (_, compose) => {
  test('can inject other parts, the part it replaces, all parts of a kind, its options and the logger', async () => {
    const notes: string[] = [];
    const logger = { note: (level: string, message: string) => void notes.push(`${level}: ${message}`) };
    const analyzer = createAnalyzer({ ...compose([injecting, { salt: 7 }]), logger });
    const parts = { hasher: 'salted', metric: 'hamming', clusterer: 'borrowing', blockSize: 512, jobs: 1 };
    const analysis = await analyzer.analyze(IMAGES, parts);
    expect([...analysis.distances.values]).toEqual([4]);
    expect(analysis.parameters).toMatchObject({ metric: 'hamming', unit: 'half blocks' });
    expect(await textOf(analyzer.report('counting', analysis))).toBe('2 images, half blocks, salt 7\n');
    expect(notes).toEqual([
      'warning: metric hamming of @virt-similarity/core is replaced by that of injecting',
      'warning: others: auto ml-hclust fast',
    ]);
  });

  test('uses its options for digests, and its hasher version depends on them', async () => {
    const firstByteOf = async (options: OptionValues): Promise<[string | undefined, number]> => {
      const analyzer = createAnalyzer(compose([injecting, options]));
      for await (const outcome of analyzer.hash(['memory:a'], { hasher: 'salted', blockSize: 512, jobs: 1 })) {
        if (outcome.error !== undefined) {
          throw outcome.error;
        }
        const { hasherVersion, storage } = outcome.vector;
        return [hasherVersion, storage?.kind === 'memory' ? storage.digests[0]! : Number.NaN];
      }
      throw new Error('no outcome');
    };
    const [one, other] = [await firstByteOf({ salt: 9 }), await firstByteOf({})];
    expect([one[1], other[1]]).toEqual([9, 1]);
    expect(one[0]).toMatch(/^configured-sha256:[0-9a-f]{32}$/);
    expect(one[0]).not.toBe(other[0]);
    expect(await firstByteOf({ salt: 9 })).toEqual(one);
  });
});

/** Returns a metric class with another metric injected. */
function metricOn(kind: 'metric', other: string) {
  @injectable()
  class Metric extends HammingMetric {
    constructor(@inject(partToken(kind, other)) readonly injected: DistanceMetric) {
      super();
    }
  }
  return Metric;
}

describe('a part', () => {
  const analyze = (plugins: readonly ConfiguredPlugin[], metric: string) =>
    createAnalyzer({ plugins: [disks(), hashers, ...plugins] }).analyze(IMAGES, { metric, blockSize: 512, jobs: 1 });

  test('that depends on itself, also indirectly, is refused, and the message lists the cycle', async () => {
    const one: Plugin = { name: 'one', metrics: { a: metricOn('metric', 'b'), b: metricOn('metric', 'c') } };
    const other: Plugin = { name: 'other', metrics: { c: metricOn('metric', 'a') } };
    await expect(analyze([one, other], 'a')).rejects.toMatchObject({
      code: 'plugin',
      message:
        'these parts need each other: metric a → metric b → metric c → metric a; inject one with partsToken and get it at its first use',
    });
    await expect(analyze([{ name: 'own', metrics: { a: metricOn('metric', 'a') } }], 'a')).rejects.toMatchObject({
      message: expect.stringContaining('metric a → metric a'),
    });
  });

  test('that depends on an unregistered part is refused, and the message names that part', async () => {
    await expect(analyze([{ name: 'lonely', metrics: { a: metricOn('metric', 'b') } }], 'a')).rejects.toMatchObject({
      code: 'plugin',
      message:
        'cannot construct metric a of plugin lonely: it needs metric b, which no plugin registers; ' +
        'load a plugin that registers it',
    });
  });

  test('that is not used is not constructed', async () => {
    class Unused extends HammingMetric {
      constructor() {
        super();
        throw new Error('not used');
      }
    }
    const { distances } = await analyze([{ name: 'unused', metrics: { unused: Unused } }], 'hamming');
    expect([...distances.values]).toEqual([2]);
    await expect(analyze([{ name: 'unused', metrics: { unused: Unused } }], 'unused')).rejects.toMatchObject({
      code: 'plugin',
      message: expect.stringContaining('cannot construct metric unused of plugin unused: not used'),
    });
  });

  test('can be an object that is already constructed', async () => {
    const half: DistanceMetric = { unit: 'pairs', alignment: 'position', distance: ({ different }) => different / 2 };
    expect([...(await analyze([{ name: 'ready', metrics: { half } }], 'half')).distances.values]).toEqual([1]);
  });

  test('that replaces no part cannot inject a replaced part', async () => {
    const wrapper = { create: ({ replaced }: { replaced: DistanceMetric }) => replaced };
    await expect(analyze([{ name: 'wrapper', metrics: { none: wrapper } }], 'none')).rejects.toMatchObject({
      code: 'plugin',
      message: 'metric none does not replace a part of that name',
    });
  });

  test('must request other parts before create returns', async () => {
    const late = {
      create: (context: PartContext<DistanceMetric>): DistanceMetric => ({
        unit: 'x',
        alignment: 'position',
        distance: (counts) => context.part('metric', 'hamming').distance(counts),
      }),
    };
    await expect(analyze([{ name: 'late', metrics: { late } }], 'late')).rejects.toMatchObject({
      code: 'plugin',
      message:
        'metric late requested other parts from its context after create returned; request them within create, and keep them',
    });
  });

  test('can wrap a part that wraps another part', async () => {
    const twice = {
      create: ({ replaced }: { replaced: DistanceMetric }): DistanceMetric => ({
        unit: replaced.unit,
        alignment: replaced.alignment,
        distance: (counts) => 2 * replaced.distance(counts),
      }),
    };
    const plugin = (name: string): Plugin => ({ name, metrics: { hamming: twice } });
    expect([...(await analyze([plugin('one'), plugin('two')], 'hamming')).distances.values]).toEqual([8]);
  });
});

describe('a program that embeds the library', () => {
  test('can replace a part and the logger by registering tokens', async () => {
    const own = container.createChildContainer();
    const notes: string[] = [];
    own.register(LOGGER, { useValue: { note: (_level: string, message: string) => void notes.push(message) } });
    own.register(partToken('hasher', 'sha256'), {
      useValue: { digestLength: 32, hash: (_: Uint8Array, digest: Uint8Array) => digest.fill(5) },
    });
    // Without its url, the hasher runs in this thread.
    const { url: _url, ...local } = injecting;
    const analyzer = createAnalyzer({ plugins: [disks(), hashers, local], container: own });
    const parts = { hasher: 'salted', clusterer: 'borrowing', blockSize: 512, jobs: 1 };
    const { distances } = await analyzer.analyze(IMAGES, parts);
    expect([...distances.values]).toEqual([0]);
    expect(notes).toContain('others: auto ml-hclust fast');
  });
});

test.each<[string, unknown, RegExp]>([
  [
    'nothing',
    {},
    /at least one of readers, hashers, metrics, clusterers, reporters|expected plugins and isolated to be lists/,
  ],
  ...[
    { level: { type: 'integer', default: 1, description: 'x' } },
    { level: null },
    { level: { type: 'size' } },
    ['level'],
  ].map((options): [string, unknown, RegExp] => [
    `invalid option declarations: ${JSON.stringify(options)}`,
    { plugins: [{ name: 'x', options, metrics: {} }] },
    /options of x to be declared by name, such as .*, found .*level/,
  ]),
  ['a misspelt member', { plugins: [{ name: 'x', reporter: {} }] }, /did you mean 'reporters'\?$/],
  ['a misspelt list', { plugin: [] }, /did you mean 'plugins'\?$/],
  [
    'a module',
    { plugins: [await import('@virt-similarity/hashers')] },
    /the module with all its exports; pass its default/,
  ],
  [
    'lists of classes',
    { plugins: [{ name: 'x', metrics: [HammingMetric] }] },
    /metrics to be parts by name.*an array$/,
  ],
  [
    'a string as a part',
    { plugins: [{ name: 'x', metrics: { a: 'b' } }] },
    /metric a to be a class, a factory .* a string$/,
  ],
  ['a plugin without a name', { plugins: [{ metrics: {} }] }, /the plugin to have a name, found none$/],
  [
    'an unknown option',
    { plugins: [[injecting, { slat: 1 }]] },
    /unknown option slat of injecting.*did you mean 'salt'\?$/,
  ],
  ['an option too large', { plugins: [[injecting, { salt: 256 }]] }, /a number from 0 to 255, found 256$/],
  [
    'an option of another type',
    { plugins: [[injecting, { salt: 'x' }]] },
    /option salt of injecting: expected a number/,
  ],
  [
    'options for a plugin without options',
    { plugins: [[hashers, { a: 1 }]] },
    /unknown option a of @virt-similarity\/hashers: .* has no options/,
  ],
  [
    'a plugin for a newer core',
    { plugins: [{ name: 'x', core: '^99.0.0', metrics: {} }] },
    /\^99\.0\.0, found .*; upgrade virt-similarity$/,
  ],
  [
    'a plugin for an older core',
    { plugins: [{ name: 'x', core: '~0.0.1', metrics: {} }] },
    /~0\.0\.1, found .*; upgrade x$/,
  ],
  [
    'a plugin whose core is not a version range',
    { plugins: [{ name: 'x', core: 'new', metrics: {} }] },
    /core to be a version range, found 'new'$/,
  ],
])('createAnalyzer refuses %s', (_, parts, message) => {
  expect(() => createAnalyzer(parts as never)).toThrow(
    expect.objectContaining({ code: 'usage', message: expect.stringMatching(message) }),
  );
});

test('two reporters with the same extension are refused when the reporters are listed', () => {
  const reporter = { extension: '.x', mediaType: 'text/plain', report: () => [] };
  const { reporters } = createAnalyzer({ plugins: [{ name: 'x', reporters: { one: reporter } }] });
  expect(reporters.map(({ name }) => name)).toEqual(['one']);
  const both = createAnalyzer({ plugins: [{ name: 'x', reporters: { one: reporter, two: { ...reporter } } }] });
  expect(() => both.reporters).toThrow('reporters one and two both write files that end in .x');
});

describe('a part that the program registered in its container', () => {
  test('replaces the part of a plugin with the same name, without a note', async () => {
    const notes: string[] = [];
    const metric: DistanceMetric = { unit: 'nothing', alignment: 'position', distance: () => 9 };
    const own = container.createChildContainer().register(partToken('metric', 'hamming'), { useValue: metric });
    const logger = { note: (_: string, message: string) => void notes.push(message) };
    const analyzer = createAnalyzer({ plugins: [disks(), hashers], container: own, logger });
    const analysis = await analyzer.analyze(IMAGES, { blockSize: 512, jobs: 1 });
    expect([...analysis.distances.values]).toEqual([9]);
    expect(analysis.parameters.unit).toBe('nothing');
    expect(notes).toEqual([]);
  });

  test('can inject parts of plugins', async () => {
    @injectable()
    class Tripled implements DistanceMetric {
      readonly unit = 'thirds';
      readonly alignment = 'position';
      constructor(@inject(partToken('metric', 'hamming')) readonly hamming: DistanceMetric) {}
      distance(counts: PairCounts): number {
        return 3 * this.hamming.distance(counts);
      }
    }
    const own = container.createChildContainer().register(partToken('metric', 'jaccard'), { useClass: Tripled });
    const analyzer = createAnalyzer({ plugins: [disks(), hashers], container: own });
    const { distances } = await analyzer.analyze(IMAGES, { metric: 'jaccard', blockSize: 512, jobs: 1 });
    expect([...distances.values]).toEqual([6]);
  });

  test('runs in the main thread if it is a hasher', async () => {
    const hasher = { digestLength: 1, version: '1', hash: (_: Uint8Array, digest: Uint8Array) => void digest.fill(7) };
    const own = container.createChildContainer().register(partToken('hasher', 'sha256'), { useValue: hasher });
    const analyzer = createAnalyzer({ plugins: [disks(), hashers], container: own });
    const analysis = await analyzer.analyze(IMAGES, { blockSize: 512, jobs: 1 });
    expect([...analysis.distances.values]).toEqual([0]);
  });
});

test('an injected parameter with a default is injected', async () => {
  @injectable()
  class Optional implements DistanceMetric {
    readonly unit: string;
    readonly alignment = 'position';
    constructor(@inject(OPTIONS) options: OptionValues = { unit: 'default' }) {
      this.unit = String(options.unit);
    }
    distance(): number {
      return 0;
    }
  }
  const plugin: Plugin = {
    name: 'optional',
    options: { unit: { type: 'string', description: 'the unit of distances' } },
    metrics: { optional: Optional },
  };
  const analyzer = createAnalyzer({ plugins: [disks(), hashers, [plugin, { unit: 'given' }]] });
  const { parameters } = await analyzer.analyze(IMAGES, { metric: 'optional', blockSize: 512, jobs: 1 });
  expect(parameters.unit).toBe('given');
});
