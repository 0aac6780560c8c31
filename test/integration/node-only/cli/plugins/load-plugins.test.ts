import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ConfiguredPlugin } from '@virt-similarity/core';
import { loadPlugins } from '#cli/plugins/load-plugins.js';

const LIMITS = { pluginTimeout: 60 };

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'load-plugins-'));
  for (const [file, name] of Object.entries({ one: 'mine', other: 'mine', third: 'third' })) {
    const metric = "{ unit: 'blocks', alignment: 'position', distance: () => 0 }";
    const options = "{ level: { type: 'number', description: 'x' }, words: { type: 'strings', description: 'x' } }";
    const plugin = `{ name: '${name}', url: import.meta.url, options: ${options}, metrics: { ${file}: ${metric} } }`;
    await writeFile(join(directory, `${file}.mjs`), `export default ${plugin};\n`);
  }
});
afterAll(() => rm(directory, { recursive: true }));

/** Loads plugins of a configuration file and a command line. Returns the name of each first metric, and the options. */
async function load(
  configured: readonly (readonly [module: string, options?: Record<string, number>])[],
  modules: readonly string[],
  ...options: string[]
) {
  const plugins = configured.map(([module, given = {}]) => ({ module, options: given }));
  const configuration = { path: join(directory, 'config.json'), defaults: {}, plugins, reports: {} };
  const loaded = await loadPlugins(configuration, { modules, options }, directory, LIMITS);
  return loaded.map((each) => {
    const [plugin, values] = each as Extract<ConfiguredPlugin, readonly unknown[]>;
    return [Object.keys(plugin.metrics ?? {})[0], { ...values }];
  });
}

describe('options of plugins', () => {
  test('on the command line override the configuration file; repeated values form a list', async () => {
    expect(
      await load([['./one.mjs', { level: 1 }]], ['./third.mjs'], 'mine.level=2', 'third.words=a', 'third.words=b=c'),
    ).toEqual([
      ['one', { level: '2' }],
      ['third', { words: ['a', 'b=c'] }],
    ]);
  });

  test('belong to the module that they are listed with, even if two plugins have the same name', async () => {
    expect(
      await load(
        [
          ['./one.mjs', { level: 1 }],
          ['./other.mjs', { level: 2 }],
        ],
        [],
      ),
    ).toEqual([
      ['one', { level: 1 }],
      ['other', { level: 2 }],
    ]);
    await expect(load([['./one.mjs'], ['./other.mjs']], [], 'mine.level=3')).rejects.toThrow(
      'expected one plugin named mine, found several',
    );
  });

  test('of a module that is listed twice are refused, unless only the first entry has options', async () => {
    expect(await load([['./one.mjs', { level: 1 }]], ['./one.mjs'])).toEqual([['one', { level: 1 }]]);
    await expect(load([['./one.mjs'], ['./one.mjs', { level: 1 }]], [])).rejects.toThrow(
      'plugin mine is listed twice, and the later entry has options; list it once, with all its options',
    );
  });

  test.each([
    ['third', "expected PLUGIN.OPTION=VALUE with the name of a loaded plugin, found 'third'"],
    ['.level=1', "expected PLUGIN.OPTION=VALUE with the name of a loaded plugin, found '.level=1'"],
    ['thrid.level=1', "unknown plugin 'thrid': expected one of third; did you mean 'third'?"],
  ])('must be written PLUGIN.OPTION=VALUE for a loaded plugin, not %s', async (option, message) => {
    await expect(load([], ['./third.mjs'], option)).rejects.toMatchObject({
      code: 'usage',
      message: `--plugin-option: ${message}`,
    });
  });

  test('can have any name, and are passed on unchecked', async () => {
    const [[, options] = []] = await load([], ['./third.mjs'], 'third.__proto__=1');
    expect(Object.entries(options ?? {})).toEqual([['__proto__', '1']]);
  });
});
