import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AnalyzerParts, createAnalyzer, type DistanceMetric, EXECUTOR, partToken } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import { MemoryDisksPlugin } from '@virt-similarity/testing';

const require = createRequire(import.meta.url);

const DISKS = { 'memory:a': new Uint8Array(1024).fill(1), 'memory:b': new Uint8Array(1024).fill(2) };

/** A plugin whose classes are decorated by its own copy of tsyringe. The class `Factor` is injected into `Scaled`. */
const PLUGIN = `
import 'reflect-metadata';
import { inject, injectable } from 'tsyringe';
const hamming = Symbol.for('virt-similarity.metric hamming');
class Factor {
  constructor(options) { this.value = options.factor; }
}
inject(Symbol.for('virt-similarity.options'))(Factor, undefined, 0);
injectable()(Factor);
class Scaled {
  unit = 'blocks';
  alignment = 'position';
  constructor(metric, factor) { Object.assign(this, { metric, factor }); }
  distance(counts) { return this.factor.value * this.metric.distance(counts); }
}
inject(hamming)(Scaled, undefined, 0);
inject(Factor)(Scaled, undefined, 1);
injectable()(Scaled);
const options = { factor: { type: 'number', default: 10, description: 'x' } };
export default { name: 'scaling', url: import.meta.url, options, metrics: { scaled: Scaled } };
`;

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tsyringe-copies-'));
  for (const name of ['tsyringe', 'reflect-metadata', 'tslib']) {
    await cp(resolve('node_modules', name), join(directory, 'node_modules', name), { recursive: true });
  }
  await mkdir(join(directory, 'plugin'));
  await writeFile(join(directory, 'plugin/index.mjs'), PLUGIN);
});

afterAll(() => rm(directory, { recursive: true }));

async function distancesOf(parts: Partial<AnalyzerParts>, metric: string): Promise<number[]> {
  const analyzer = createAnalyzer({ plugins: [new MemoryDisksPlugin(DISKS), hashers], ...parts });
  const { distances } = await analyzer.analyze(Object.keys(DISKS), { metric, blockSize: 512, jobs: 1 });
  return [...distances.values];
}

describe('with another copy of tsyringe', () => {
  test("a plugin's classes are constructed in the main thread and in threads", async () => {
    const { default: plugin } = await import(pathToFileURL(join(directory, 'plugin/index.mjs')).href);
    const plugins = [new MemoryDisksPlugin(DISKS), hashers];
    expect(await distancesOf({ plugins: [...plugins, plugin] }, 'scaled')).toEqual([20]);
    expect(await distancesOf({ plugins, isolated: [[plugin, { factor: 100 }]] }, 'scaled')).toEqual([200]);
  });

  test('a program can register parts and services that are then injected', async () => {
    const copy = createRequire(join(directory, 'plugin/index.mjs'))('tsyringe') as typeof import('tsyringe');
    const own = require('tsyringe') as typeof import('tsyringe');
    expect(copy.container.constructor).not.toBe(own.container.constructor);
    const container = copy.container.createChildContainer();
    class Doubled {
      readonly unit = 'half blocks';
      readonly alignment = 'position';
      constructor(readonly jaccard: DistanceMetric) {}
      distance(...[counts]: Parameters<DistanceMetric['distance']>) {
        return 2 * this.jaccard.distance(counts);
      }
    }
    copy.inject(partToken('metric', 'jaccard'))(Doubled, undefined, 0);
    copy.injectable()(Doubled);
    container.register(partToken('metric', 'hamming'), { useClass: Doubled });
    const { executor } = createAnalyzer({ plugins: [new MemoryDisksPlugin(DISKS), hashers] });
    container.register(EXECUTOR, { useValue: executor });
    expect(await distancesOf({ container }, 'hamming')).toEqual([2]);
  });
});
