import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { configurationPath, loadConfiguration, loadNamedConfiguration } from '#cli/configuration.js';

describe('the configuration file', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'virt-similarity-configuration-'));
    path = configurationPath({ XDG_CONFIG_HOME: directory });
    await mkdir(dirname(path));
  });

  afterEach(() => rm(directory, { recursive: true }));

  const write = (value: unknown, mode = 0o600) =>
    writeFile(path, typeof value === 'string' ? value : JSON.stringify(value), { mode });

  test('is in the home directory if XDG_CONFIG_HOME is unset or relative', () => {
    const home = join(homedir(), '.config/virt-similarity/config.json');
    expect(configurationPath({})).toBe(home);
    expect(configurationPath({ XDG_CONFIG_HOME: '.' })).toBe(home);
  });

  test('can be missing', async () => {
    expect(await loadConfiguration(path)).toBeUndefined();
  });

  test('sets plugins and defaults of options', async () => {
    const plugins = ['./mine.js', ['/opt/yours.js', { level: 3 }], 'theirs'];
    await write({ plugins, jobs: 2, cache: false, 'block-size': '4K' });
    expect(await loadConfiguration(path)).toEqual({
      path,
      plugins: [
        { module: './mine.js', options: {} },
        { module: '/opt/yours.js', options: { level: 3 } },
        { module: 'theirs', options: {} },
      ],
      defaults: { jobs: 2, cache: false, 'block-size': 4096 },
      reports: {},
    });
  });

  test('sets which images are allowed to be read, and how', async () => {
    await write({ 'max-virtual-size': 1024, 'allow-in-use': true, sandbox: false });
    expect((await loadConfiguration(path))?.defaults).toEqual({
      'max-virtual-size': 1024,
      'allow-in-use': true,
      sandbox: false,
    });
  });

  test('is refused if other users can write to it', async () => {
    await write({ plugins: ['./mine.js'] });
    await chmod(path, 0o664);
    await expect(loadConfiguration(path)).rejects.toThrow(expect.objectContaining({ code: 'refused' }));
  });

  test('is refused if another user owns it', async () => {
    await write({ plugins: ['./mine.js'] });
    const isRoot = process.getuid?.() === 0;
    if (isRoot) {
      await chown(path, 65_534, 65_534);
    }
    // Only root can give a file to another user. As any other user, the test uses a file of root.
    const foreignPath = isRoot ? path : '/etc/passwd';
    await expect(loadConfiguration(foreignPath)).rejects.toThrow(expect.objectContaining({ code: 'refused' }));
  });

  test.each([
    ['{ "jobs": ', /cannot read .*config\.json: /],
    [[], /config\.json: the file: /],
    [{ metrik: 'jaccard' }, /unknown key 'metrik'; did you mean 'metric'\?$/],
    [{ plugins: './mine.js' }, /config\.json: plugins: /],
    [{ cache: true }, /config\.json: cache: expected a path or false, found true$/],
    [{ jobs: 0 }, /config\.json: jobs: expected a whole number from 1 to 1024, found 0$/],
    [{ plugins: [['./mine.js', { level: null }]] }, /plugins: the options of \.\/mine\.js: expected .*, found null$/],
    [{ reports: { width: null } }, /config\.json: reports: expected strings, .*, found null$/],
    [{ reports: 'ascii' }, /config\.json: reports: expected an object/],
    [{ plugins: [['./mine.js', {}, 1]] }, /config\.json: plugins: expected modules, such as/],
  ])('with the content %j is refused with a message of one line', async (value, message) => {
    await write(value);
    const failure = loadConfiguration(path);
    await expect(failure).rejects.toThrow(expect.objectContaining({ code: 'usage' }));
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.not.toThrow(/\n/);
  });

  describe('that is named', () => {
    const named = async (name: string, content: string, mode = 0o600) => {
      await writeFile(join(directory, name), content, { mode });
      return loadNamedConfiguration(name, directory);
    };

    test.each(['virt-similarity.config.json', 'other.json'])('can be %s', async (name) => {
      const found = await named(name, '\uFEFF{ "jobs": 3, "plugins": ["./a.js"] }');
      expect(found).toMatchObject({
        path: join(directory, name),
        defaults: { jobs: 3 },
        plugins: [{ module: './a.js' }],
      });
    });

    test('can be a module', async () => {
      const content = "export default { jobs: 1 + 2, exclude: ['*.iso'] };";
      for (const name of ['virt-similarity.config.mjs', 'x.js']) {
        await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
        expect((await named(name, content)).defaults).toEqual({ jobs: 3, exclude: ['*.iso'] });
      }
      expect((await named('c.cjs', 'module.exports = { jobs: 4 };')).defaults).toEqual({ jobs: 4 });
      await expect(named('throws.mjs', 'throw new Error("no luck");')).rejects.toMatchObject({
        code: 'usage',
        message: `cannot run ${join(directory, 'throws.mjs')}: no luck`,
      });
      await expect(named('list.mjs', 'export default [];')).rejects.toThrow(/list\.mjs: the file: expected an object/);
    });

    test("can be a package.json, with the configuration under its key 'virt-similarity'", async () => {
      expect((await named('package.json', '{ "name": "x", "virt-similarity": { "jobs": 5 } }')).defaults).toEqual({
        jobs: 5,
      });
      await expect(named('package.json', '{ "name": "x" }')).rejects.toThrow(
        /expected the key 'virt-similarity', found none/,
      );
      await expect(named('package.json', 'null')).rejects.toThrow(/expected the key 'virt-similarity', found none/);
    });

    test.each([
      ['config.jso', /expected a name that ends in \.json, \.js, \.mjs, \.cjs; found \.jso; did you mean '\.js/],
      ['config', /found no extension$/],
    ])('must have a known extension: %s', async (name, message) => {
      await expect(named(name, '{}')).rejects.toThrow(message);
    });

    test('must not be a file that other users can change, or replace in its directory', async () => {
      await chmod(directory, 0o777);
      await expect(named('a.json', '{}')).rejects.toMatchObject({ code: 'refused' });
      await expect(named('a.mjs', 'throw new Error("was run")')).rejects.toMatchObject({ code: 'refused' });
      await chmod(directory, 0o1777);
      expect(await named('a.json', '{}')).toMatchObject({ defaults: {} });
      await named('b.json', '{}');
      await chmod(join(directory, 'b.json'), 0o666);
      await expect(loadNamedConfiguration('b.json', directory)).rejects.toMatchObject({ code: 'refused' });
    });

    // Only root can give a directory to another user.
    const testAsRoot = process.getuid?.() === 0 ? test : test.skip;
    testAsRoot('must not be in the directory of another user', async () => {
      await writeFile(join(directory, 'a.json'), '{}', { mode: 0o600 });
      await chown(directory, 65_534, 65_534);
      await expect(loadNamedConfiguration('a.json', directory)).rejects.toMatchObject({
        code: 'refused',
        message: expect.stringContaining('its directory belongs to another user'),
      });
    });
  });
});
