import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';

const ROOT = process.cwd();
const CORE = join(ROOT, 'packages/core/bundle');

/** Runs a module as a user of the packages does. Returns the JSON that it prints. */
async function inNode(code: string): Promise<unknown> {
  const program = ['--input-type=module', '--eval', code];
  const { stdout } = await promisify(execFile)(process.execPath, program, { cwd: ROOT });
  return JSON.parse(stdout);
}

/** Returns a file and all files that its static imports load. */
async function loadedWith(file: string, known = new Set<string>()): Promise<ReadonlySet<string>> {
  if (known.has(file)) {
    return known;
  }
  known.add(file);
  const text = await readFile(file, 'utf8');
  for (const [, imported] of text.matchAll(/^(?:import|\} from|import .* from) "(\.\/[^"]+)";$/gm)) {
    await loadedWith(join(dirname(file), imported!), known);
  }
  return known;
}

describe('the bundles', () => {
  test('are loaded by an import of a package', async () => {
    const code = `console.log(JSON.stringify(import.meta.resolve('@virt-similarity/core')));`;
    expect(await inNode(code)).toMatch(/packages\/core\/bundle\/index\.js$/);
  });

  test('have the same error class and tokens in every export', async () => {
    const code = `
      import * as core from '@virt-similarity/core';
      import * as contracts from '@virt-similarity/core/contracts';
      import * as errors from '@virt-similarity/core/errors';
      const shared = { ...contracts, ...errors };
      console.log(JSON.stringify(Object.keys(shared).map((name) => [name, name in core && core[name] === shared[name]])));`;
    const found = (await inNode(code)) as readonly (readonly [string, boolean])[];
    expect(found.filter(([, isSame]) => !isSame)).toEqual([]);
    expect(found).toContainEqual(['VirtSimilarityError', true]);
    expect(found).toContainEqual(['LOGGER', true]);
  });

  test.each(['readers', 'hashers', 'reporters'])('of %s can be imported from the URL of the plugin', async (name) => {
    const code = `
      const { default: plugin } = await import('@virt-similarity/${name}');
      const { default: again } = await import(plugin.url);
      console.log(JSON.stringify({ url: plugin.url, isSame: plugin === again }));`;
    const url = expect.stringMatching(new RegExp(`packages/${name}/bundle/index\\.js$`));
    expect(await inNode(code)).toEqual({ url, isSame: true });
  });

  test.each([
    ['comparison-worker', /ComposedAnalyzer|require\d*\("tsyringe"\)/],
    // These two load the container only for parts that need it.
    ['hash-worker', /ComposedAnalyzer|from "tsyringe"|distanceMatrix|Dendrogram/],
    ['part-worker', /ComposedAnalyzer|from "tsyringe"/],
  ])('let %s start without the analyzer', async (worker, unneeded) => {
    const loaded = await loadedWith(join(CORE, `${worker}.js`));
    expect(loaded).not.toContain(join(CORE, 'index.js'));
    const text = (await Promise.all([...loaded].map((file) => readFile(file, 'utf8')))).join('\n');
    expect(text).not.toMatch(unneeded);
  });

  test('include all files that they load by URL', async () => {
    const found: string[] = [];
    for (const name of ['core', 'image-tools', 'readers', 'hashers', 'reporters', 'cli']) {
      const directory = join(ROOT, 'packages', name, 'bundle');
      for (const file of (await readdir(directory)).filter((each) => each.endsWith('.js'))) {
        const text = await readFile(join(directory, file), 'utf8');
        const urls = [...text.matchAll(/new URL\(\s*"([^"]*)",\s*import\.meta\.url\s*\)/g)];
        found.push(...urls.map(([, url]) => join(directory, url!)));
      }
    }
    expect(found).toContain(join(CORE, 'hash-worker.js'));
    expect(found).toContain(join(CORE, 'part-worker.js'));
    expect(found).toContain(join(CORE, 'pair-kernel.wasm'));
    expect(found.filter((path) => !existsSync(path))).toEqual([]);
  });
});
