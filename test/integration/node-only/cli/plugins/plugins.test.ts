import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadPlugin } from '#cli/plugins/load-plugin.js';

const LIMITS = { pluginTimeout: 300 };

/** A plugin's module as TypeScript compiles it to CommonJS. */
const COMMON_JS = `
Object.defineProperty(exports, '__esModule', { value: true });
exports.default = { name: 'common', reporters: {} };
`;

const usage = (message: unknown) => expect.objectContaining({ code: 'usage', message });

describe('a plugin on the command line', () => {
  let directory: string;
  let wrongModules = 0;
  const source = (name: string) => `export default { name: '${name}', reporters: {} };`;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'virt-similarity-plugins-'));
    const packages = {
      main: { type: 'module', main: 'entry.js' },
      exporting: { type: 'module', exports: { '.': { types: './entry.d.ts', default: './entry.js' } } },
      '@scope/pattern': { type: 'module', exports: './entry.js' },
      common: { main: 'entry.js' },
    };
    for (const [name, manifest] of Object.entries(packages)) {
      await mkdir(join(directory, 'node_modules', name), { recursive: true });
      await writeFile(join(directory, 'node_modules', name, 'package.json'), JSON.stringify(manifest));
      await writeFile(join(directory, 'node_modules', name, 'entry.js'), name === 'common' ? COMMON_JS : source(name));
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
    ['common', 'common'],
    ['./node_modules/main', 'main'],
    ['./node_modules/exporting', 'exporting'],
    ['./node_modules/@scope/pattern/', '@scope/pattern'],
  ])('can be given as %s', async (specifier, name) => {
    expect((await loadPlugin(specifier, directory, LIMITS)).name).toBe(name);
  });

  test('can be given by its absolute path', async () => {
    const path = join(directory, 'file.mjs');
    expect((await loadPlugin(path, '/', LIMITS)).url).toBe(pathToFileURL(path).href);
  });

  test('can be a package that is installed next to the command', async () => {
    expect((await loadPlugin('@virt-similarity/hashers', '/', LIMITS)).name).toBe('@virt-similarity/hashers');
  });

  test.each([
    ['undefined', 'a plugin { name, reporters: { … } }, found none'],
    ['class {}', 'a plugin { name, reporters: { … } }, found a function'],
    ["{ name: 'mine', url: 1 }", 'url of mine to be a string, found a number'],
    ["{ name: 'mine', readers: [] }", 'readers to be parts by name, such as { mine: MyPart }, found an array'],
  ])('that exports %s is refused', async (exported, message) => {
    const path = join(directory, `wrong-${wrongModules++}.mjs`);
    await writeFile(path, `export default ${exported};`);
    await expect(loadPlugin(path, '/', LIMITS)).rejects.toThrow(usage(`--plugin ${path}: expected ${message}`));
  });

  test.each([
    ['./fil.mjs', /no such file.*did you mean 'file.mjs'\?$/],
    ['./missing/', /no such file/],
    ['exportng', /expected a package installed in or above .*did you mean 'exporting'\?$/],
    ['@scope/patern', /did you mean '@scope\/pattern'\?$/],
  ])('is not found as %s, with a suggestion if there is a similar name', async (specifier, message) => {
    await expect(loadPlugin(specifier, directory, LIMITS)).rejects.toThrow(usage(expect.stringMatching(message)));
  });

  test('is never a file of the working directory without ./', async () => {
    await expect(loadPlugin('file.mjs', directory, LIMITS)).rejects.toThrow(
      usage(expect.stringContaining('write ./file.mjs for the file')),
    );
  });

  test('is never a built-in module of Node.js', async () => {
    await expect(loadPlugin('fs', directory, LIMITS)).rejects.toThrow(
      usage(expect.stringContaining('a module of Node.js')),
    );
  });

  test('that never finishes loading is given up', async () => {
    const limits = { pluginTimeout: 0.5 };
    await expect(loadPlugin('./endless.mjs', directory, limits)).rejects.toThrow(
      expect.objectContaining({
        code: 'unavailable',
        message: expect.stringMatching(
          /^\[\.\/endless\.mjs\] the plugin gave no answer within 0\.5 s; .*`pluginTimeout`$/,
        ),
      }),
    );
  });

  test('that never finishes loading is given up when the signal fires', async () => {
    const limits = { pluginTimeout: 0, signal: AbortSignal.timeout(300) };
    await expect(loadPlugin('./endless.mjs', directory, limits)).rejects.toThrow(
      expect.objectContaining({ code: 'aborted' }),
    );
  });

  test('that calls process.exit() ends only the thread that tries to load it', async () => {
    await expect(loadPlugin('./exits.mjs', directory, LIMITS)).rejects.toThrow(
      expect.objectContaining({ code: 'plugin', message: expect.stringContaining('exit status 3') }),
    );
  });

  test('can be written in TypeScript if Node.js can run it; otherwise the message says what to do', async () => {
    await writeFile(join(directory, 'typed.ts'), "export default { name: 'typed' as string, reporters: {} };\n");
    const loading = loadPlugin('./typed.ts', directory, LIMITS);
    if ('typescript' in process.features && process.features.typescript) {
      expect(await loading).toMatchObject({ name: 'typed' });
    } else {
      await expect(loading).rejects.toThrow(
        expect.objectContaining({
          code: 'plugin',
          message: expect.stringMatching(/; compile it to JavaScript, or use/),
        }),
      );
    }
  });

  test('that throws while it is loaded is reported with the message of its error', async () => {
    await expect(loadPlugin('./throws.mjs', directory, LIMITS)).rejects.toThrow(
      expect.objectContaining({ code: 'plugin', message: '[./throws.mjs] the plugin cannot be loaded: out of order' }),
    );
  });
});
