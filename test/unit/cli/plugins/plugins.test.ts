import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadPlugin } from '#cli/plugins/load-plugin.js';
import { validatePlugin } from '#cli/plugins/validate-plugin.js';

class Anything {}

const LIMITS = { pluginTimeout: 300 };

const usage = (message: unknown) => expect.objectContaining({ code: 'usage', message });

describe('a default export', () => {
  test('is a plugin when it has a name and classes, and gets the URL of its module', () => {
    const plugin = { name: 'mine', metrics: [Anything as never] };
    expect(validatePlugin(plugin, 'file:///mine.js', './mine.js')).toEqual({ ...plugin, url: 'file:///mine.js' });
  });

  test('may have properties of its own', () => {
    const plugin = { name: 'mine', version: '1.0.0', options: {}, create() {}, metrics: [Anything as never] };
    expect(validatePlugin(plugin, 'file:///mine.js', './mine.js')).toEqual({ ...plugin, url: 'file:///mine.js' });
  });

  test('keeps the URL that it says itself', () => {
    const plugin = { name: 'mine', url: 'file:///itself.js', hashers: [] };
    expect(validatePlugin(plugin, 'file:///mine.js', './mine.js').url).toBe('file:///itself.js');
  });

  test.each([
    [undefined, 'a default export { name, reporters: […] }, found none as default export'],
    [Anything, 'a default export { name, reporters: […] }, found a function as default export'],
    [{ reporters: [] }, 'a name in the default export, found none'],
    [{ name: 7 }, 'a name in the default export, found a number'],
    [{ name: 'mine', url: 1 }, 'url to be import.meta.url, found a number'],
    [{ name: 'mine', readers: {} }, 'an array of classes in readers, found an object'],
    [{ name: 'mine', readers: [new Anything()] }, 'classes in readers, found an object'],
    [
      { name: 'mine', reporter: [] },
      'at least one of readers, hashers, metrics, clusterers, reporters, found name, reporter',
    ],
    [
      { name: 'mine', readers: [], metric: [] },
      'lists of readers, hashers, metrics, clusterers, reporters, found metric, which would be left out; ' +
        "did you mean 'metrics'?",
    ],
  ])('such as %j is refused, telling what was found', (exported, message) => {
    expect(() => validatePlugin(exported, 'file:///x', './x.js')).toThrow(
      usage(`--plugin ./x.js: expected ${message}`),
    );
  });
});

describe('a plugin on the command line', () => {
  let directory: string;
  const source = (name: string) => `export default { name: '${name}', reporters: [] };`;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'virt-similarity-plugins-'));
    const packages = {
      main: { type: 'module', main: 'entry.js' },
      exporting: { type: 'module', exports: { '.': { types: './entry.d.ts', default: './entry.js' } } },
      '@scope/pattern': { type: 'module', exports: './entry.js' },
    };
    for (const [name, manifest] of Object.entries(packages)) {
      await mkdir(join(directory, 'node_modules', name), { recursive: true });
      await writeFile(join(directory, 'node_modules', name, 'package.json'), JSON.stringify(manifest));
      await writeFile(join(directory, 'node_modules', name, 'entry.js'), source(name));
    }
    await writeFile(join(directory, 'file.mjs'), source('file'));
    await writeFile(join(directory, 'endless.mjs'), 'for (;;);');
    await writeFile(join(directory, 'exits.mjs'), 'process.exit(3);');
    await writeFile(join(directory, 'throws.mjs'), 'throw new Error("out of\\norder");');
  });

  afterAll(() => rm(directory, { recursive: true }));

  test.each([
    ['./file.mjs', 'file'],
    ['main', 'main'],
    ['exporting', 'exporting'],
    ['@scope/pattern', '@scope/pattern'],
    ['./node_modules/main', 'main'],
  ])('may be named %s', async (specifier, name) => {
    expect((await loadPlugin(specifier, directory, LIMITS)).name).toBe(name);
  });

  test('may be named by its absolute path', async () => {
    const path = join(directory, 'file.mjs');
    expect((await loadPlugin(path, '/', LIMITS)).url).toBe(pathToFileURL(path).href);
  });

  test.each([
    ['./fil.mjs', /no such file.*did you mean 'file.mjs'\?$/],
    ['./missing/', /no such file/],
    ['exportng', /expected a package installed in or above .*did you mean 'exporting'\?$/],
    ['@scope/patern', /did you mean '@scope\/pattern'\?$/],
  ])('is not found as %s, with a suggestion where there is one', async (specifier, message) => {
    await expect(loadPlugin(specifier, directory, LIMITS)).rejects.toThrow(usage(expect.stringMatching(message)));
  });

  test('is never a file of the working directory by chance', async () => {
    await expect(loadPlugin('file.mjs', directory, LIMITS)).rejects.toThrow(
      usage(expect.stringContaining('write ./file.mjs for the file')),
    );
  });

  test('is never a module of Node.js', async () => {
    await expect(loadPlugin('fs', directory, LIMITS)).rejects.toThrow(
      usage(expect.stringContaining('a module of Node.js')),
    );
  });

  test('that never ends to load is given up', async () => {
    const limits = { pluginTimeout: 0.5 };
    await expect(loadPlugin('./endless.mjs', directory, limits)).rejects.toThrow(
      expect.objectContaining({
        code: 'unavailable',
        message: expect.stringMatching(
          /^\[\.\/endless\.mjs\] the plugin gave no answer within 0\.5 s; .*--plugin-timeout/,
        ),
      }),
    );
  });

  test('that never ends to load is given up when the user wants to stop', async () => {
    const limits = { pluginTimeout: 0, signal: AbortSignal.timeout(300) };
    await expect(loadPlugin('./endless.mjs', directory, limits)).rejects.toThrow(
      expect.objectContaining({ code: 'aborted' }),
    );
  });

  test('that ends its process ends only the thread that tries it', async () => {
    await expect(loadPlugin('./exits.mjs', directory, LIMITS)).rejects.toThrow(
      expect.objectContaining({ code: 'plugin', message: expect.stringContaining('exit status 3') }),
    );
  });

  test('is at fault when its code throws', async () => {
    await expect(loadPlugin('./throws.mjs', directory, LIMITS)).rejects.toThrow(
      expect.objectContaining({ code: 'plugin', message: '[./throws.mjs] the plugin cannot be loaded: out of order' }),
    );
  });
});
