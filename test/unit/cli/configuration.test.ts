import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { configurationPath, loadConfiguration } from '#cli/configuration.js';

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

  test('may be missing', async () => {
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
    });
  });

  test('sets which images may be read, and how', async () => {
    await write({ 'max-virtual-size': 1024, 'allow-in-use': true, sandbox: false });
    expect((await loadConfiguration(path))?.defaults).toEqual({
      'max-virtual-size': 1024,
      'allow-in-use': true,
      sandbox: false,
    });
  });

  test('is refused if other users can write it', async () => {
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
    // A user other than root cannot create such a file, but an existing file of root will do.
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
    [{ plugins: [['./mine.js', {}, 1]] }, /config\.json: plugins: expected modules, such as/],
  ])('with the content %j is refused with a message of one line', async (value, message) => {
    await write(value);
    const failure = loadConfiguration(path);
    await expect(failure).rejects.toThrow(expect.objectContaining({ code: 'usage' }));
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.not.toThrow(/\n/);
  });
});
