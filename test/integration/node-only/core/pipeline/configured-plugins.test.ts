import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AnalyzeOptions, createAnalyzer, type Plugin } from '@virt-similarity/core';
import { MemoryDisksPlugin } from '@virt-similarity/testing';
import weighted, { createPlugin } from '../../../../fixtures/factory-plugin.js';

const DISKS = { 'memory:a': new Uint8Array(1024).fill(1), 'memory:b': new Uint8Array(1024).fill(2) };
const OPTIONS: AnalyzeOptions = { hasher: 'weighted', blockSize: 512 };

const disks = () => new MemoryDisksPlugin(DISKS);

async function textOf(texts: AsyncIterable<string>): Promise<string> {
  let whole = '';
  for await (const text of texts) {
    whole += text;
  }
  return whole;
}

describe('the default export of a module', () => {
  test.each([
    ['unchanged', weighted],
    ['copied', { ...weighted, name: 'a copy' }],
  ])('can run in threads, %s', async (_, plugin) => {
    const analyzer = createAnalyzer({ plugins: [disks()], isolated: [plugin] });
    const analysis = await analyzer.analyze(Object.keys(DISKS), { ...OPTIONS, metric: 'weighted' });
    expect([...analysis.distances.values]).toEqual([2]);
    expect(await textOf(analyzer.report('weighted', analysis))).toBe('1\n');
  });
});

describe('a plugin configured by a factory', () => {
  const configured = createPlugin(5);

  test.each<[string, Plugin[], AnalyzeOptions]>([
    ['hasher', [], OPTIONS],
    ['metric', [configured], { metric: 'weighted', blockSize: 512 }],
    ['clusterer', [configured], { clusterer: 'weighted', blockSize: 512 }],
  ])(
    'is refused before an image is read if its %s would lose the options in a thread',
    async (kind, isolated, options) => {
      const memory = disks();
      const sha256 = { name: 'own', hashers: { sum: Sum } };
      const plugins = isolated.length === 0 ? [memory, configured] : [memory, sha256];
      const analysis = createAnalyzer({ plugins, isolated }).analyze(Object.keys(DISKS), { hasher: 'sum', ...options });
      await expect(analysis).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringMatching(
          new RegExp(
            `^cannot run ${kind} weighted in threads: expected \\w+ weighted of weighted in the default export of ` +
              'file:.*factory-plugin.js, found another; threads import the module again, so a plugin that a function ' +
              'created loses its settings; export the plugin by default',
          ),
        ),
      });
      expect(memory.opened).toEqual([]);
    },
  );

  test('is refused if its reporter would lose the options in a thread', async () => {
    const analyzer = createAnalyzer({
      plugins: [disks(), { name: 'own', hashers: { sum: Sum } }],
      isolated: [configured],
    });
    const analysis = await analyzer.analyze(Object.keys(DISKS), { hasher: 'sum', blockSize: 512 });
    await expect(textOf(analyzer.report('weighted', analysis))).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('cannot run reporter weighted in threads'),
    });
  });

  test('keeps its options in the main thread', async () => {
    const { url: _, ...local } = configured;
    const analyzer = createAnalyzer({ plugins: [disks(), local] });
    const analysis = await analyzer.analyze(Object.keys(DISKS), { ...OPTIONS, metric: 'weighted' });
    expect([...analysis.distances.values]).toEqual([10]);
    expect(await textOf(analyzer.report('weighted', analysis))).toBe('5\n');
  });
});

class Sum {
  readonly digestLength = 1;
  hash(block: Uint8Array, digest: Uint8Array): void {
    digest[0] = block[0]!;
  }
}

describe('a program', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'program-'));
    await writeFile(join(directory, 'a.raw'), new Uint8Array(1024).fill(1));
  });

  afterAll(() => rm(directory, { recursive: true }));

  const core = JSON.stringify(import.meta.resolve('@virt-similarity/core'));
  const readers = JSON.stringify(import.meta.resolve('@virt-similarity/readers'));
  const program = (settings: string) => `
    import { appendFileSync } from 'node:fs';
    import { createAnalyzer } from ${core};
    import readers from ${readers};
    appendFileSync('starts', 'x');
    class Sum { digestLength = 1; hash(block, digest) { digest[0] = block[0]; } }
    const plugin = { name: 'own', url: import.meta.url, hashers: { sum: Sum } };
    export default plugin;
    const analyzer = createAnalyzer({ plugins: [readers, plugin], ${settings} });
    for await (const { error } of analyzer.hash([{ path: 'a.raw', format: 'raw' }], { hasher: 'sum' })) throw error;
  `;

  /** Runs the program, and returns its standard error and the number of its starts. */
  async function run(main: string): Promise<{ stderr: string; starts: number }> {
    await writeFile(join(directory, 'starts'), '');
    const child = spawn(process.execPath, ['-C', 'unbundled', main], {
      cwd: directory,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    await new Promise((resolve) => child.on('close', resolve));
    return { stderr, starts: (await readFile(join(directory, 'starts'))).length };
  }

  test('with a hasher in its main module is not started again by threads', async () => {
    await writeFile(join(directory, 'main.mjs'), program(''));
    const { stderr, starts } = await run('main.mjs');
    expect(stderr).toMatch(
      /main\.mjs is the program itself, .*; put the plugin into a separate module, .*; if a bundler created this program/,
    );
    expect(starts).toBe(1);
  });

  test('with a hasher in a module that waits for the analysis gets an error with the reason', async () => {
    await writeFile(join(directory, 'job.mjs'), program('pluginTimeout: 1'));
    await writeFile(join(directory, 'start.mjs'), "import './job.mjs';");
    const { stderr, starts } = await run('start.mjs');
    expect(stderr).toMatch(
      /job\.mjs has not finished loading: no answer within 1 s; put the plugin into a separate module/,
    );
    expect(starts).toBe(1);
  });
});
