import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Workplace } from './command.js';
import { FAMILY, FAMILY_TREE, rawImage, writeFamily } from './sample-images.js';

/** A plugin of the examples. The path is relative to test/dist/e2e, where this file is compiled. */
const EXAMPLE = fileURLToPath(new URL('../../../examples/plugins/dist/nearest-reporter.js', import.meta.url));

const PLUGIN_WITH_OPTIONS = `
class ShoutReporter {
  extension = '.shout'; mediaType = 'text/plain';
  options = { volume: { type: 'enum', description: 'how loud', values: ['low', 'high'], default: 'low' } };
  *report({ images }, { volume }) {
    const text = images.map(({ name }) => name).join(' ');
    yield (volume === 'high' ? text.toUpperCase() : text) + '\\n';
  }
}
class ShareMetric {
  unit = 'share'; alignment = 'position';
  distance({ different, either }) { return either === 0 ? 0 : different / either; }
}
export default { name: 'shouting', reporters: { shout: ShoutReporter }, metrics: { share: ShareMetric } };
`;

const MISBEHAVING_PLUGIN = `
const loop = () => { for (;;); };
class Throwing { extension = '.throwing'; mediaType = 'text/plain'; report() { throw new Error('out of ink'); } }
class Endless { extension = '.endless'; mediaType = 'text/plain'; report = loop; }
class EndlessHasher { digestLength = 4; hash = loop; }
class EndlessMetric { unit = 'none'; alignment = 'position'; distance = loop; }
class EndlessClusterer { linkages = ['single']; cluster = loop; }
class SilentReader {
  async identify(source, { isChosen }) {
    if (!isChosen) return undefined;
    setInterval(() => {}, 1000);
    return new Promise(() => {});
  }
  open() { return new Promise(() => {}); }
}
export default {
  name: 'misbehaving', reporters: { throwing: Throwing, endless: Endless }, hashers: { endless: EndlessHasher }, metrics: { endless: EndlessMetric },
  clusterers: { endless: EndlessClusterer }, readers: { silent: SilentReader },
};
`;

/**
 * A plugin that emits a warning of Node.js when it is loaded, but only in the main thread: the thread in which the
 * command first tries to load a plugin would emit a second one.
 */
const WARNING_PLUGIN = `
import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.emitWarning('an old call', 'DeprecationWarning');
class Metric { unit = 'none'; alignment = 'position'; distance() { return 0; } }
export default { name: 'warning', metrics: { mine: Metric } };
`;

/** A plugin that adds many listeners to stdout, as the threads of a run do. */
const LISTENING_PLUGIN = `
import { isMainThread } from 'node:worker_threads';
if (isMainThread) for (let thread = 0; thread < 20; thread += 1) process.stdout.on('error', () => {});
class Metric { unit = 'none'; alignment = 'position'; distance() { return 0; } }
export default { name: 'listening', metrics: { mine: Metric } };
`;

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.make();
  await writeFamily(workplace);
  await workplace.write('shout.mjs', PLUGIN_WITH_OPTIONS);
  await mkdir(workplace.path('configuration/virt-similarity'), { recursive: true });
});

afterAll(() => workplace.remove());

const configure = (value: object) =>
  workplace.write('configuration/virt-similarity/config.json', JSON.stringify(value));

describe('a plugin', () => {
  test.each(['identify', 'open'])('that exits the process in %s results in an error', async (method) => {
    const rest =
      method === 'identify'
        ? 'async open() {}'
        : 'async identify() { return { chain: [{ format: "x", parts: [], volatile: true }] }; }';
    await workplace.write(
      'exiting.mjs',
      `class Exiting { async ${method}() { process.exit(0); } ${rest} }
      export default { name: 'exiting', url: import.meta.url, readers: { exiting: Exiting } };`,
    );
    const words = ['-q', '--no-cache', '--plugin', './exiting.mjs', '--reader', 'exiting', ...FAMILY];
    expect(await workplace.run(...words)).toEqual({
      code: 3,
      stdout: '',
      stderr:
        'virt-similarity: error: a plugin ended the process before the command was finished; run it without that plugin\n',
    });
  });

  test('is loaded with --plugin and writes a report', async () => {
    const { code, stdout } = await workplace.run('-q', '--no-cache', '--plugin', EXAMPLE, '-O', 'nearest', ...FAMILY);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^base\.raw\tclone\.raw\t1$/m);
  });

  test('adds its names, options and extension to the command', async () => {
    const shout = ['-q', '--no-cache', '--plugin', './shout.mjs'];
    const { code, stdout } = await workplace.run(
      ...shout,
      '--metric',
      'share',
      '-O',
      'shout',
      '--volume=high',
      ...FAMILY,
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'BASE.RAW CLONE.RAW OTHER.RAW\n' });
    expect((await workplace.run(...shout, '-o', 'names.shout', ...FAMILY)).code).toBe(0);
    expect((await workplace.run(...shout, '--help')).stdout).toMatch(/--volume <value> +how loud/);
  });

  test('can be a package that can only be imported, not required', async () => {
    await mkdir(workplace.path('node_modules/import-only'), { recursive: true });
    const manifest = { type: 'module', exports: { '.': { types: './entry.d.ts', import: { default: './entry.js' } } } };
    await workplace.write('node_modules/import-only/package.json', JSON.stringify(manifest));
    await workplace.write('node_modules/import-only/entry.js', PLUGIN_WITH_OPTIONS);
    const { code, stdout } = await workplace.run('plugins', '--plugin', 'import-only');
    expect(code).toBe(0);
    expect(stdout).toMatch(/node_modules\/import-only\/entry\.js$/m);
  });

  test('is loaded once, even if it is named twice', async () => {
    const { code, stdout } = await workplace.run(
      'plugins',
      '--plugin',
      './shout.mjs',
      '--plugin',
      workplace.path('shout.mjs'),
    );
    expect(code).toBe(0);
    expect(stdout.match(/ shout /g)).toHaveLength(1);
  });

  test('is listed with its module', async () => {
    const { code, stdout } = await workplace.run('plugins', '--plugin', './shout.mjs');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^reporter +shout +shouting +\/.*\/shout\.mjs$/m);
    expect(stdout).toMatch(/^reader +raw +@virt-similarity\/readers +\//m);
  });

  test('in the working directory is not loaded unless it is named', async () => {
    const { code, stdout } = await workplace.run('plugins');
    expect(code).toBe(0);
    expect(stdout).not.toContain('shout');
  });
});

describe('a plugin that misbehaves', () => {
  const plain = ['-q', '--no-cache', '--plugin', './misbehaving.mjs'];
  /** With a time limit that suffices for loading a plugin on a busy machine. */
  const limited = [...plain, '--plugin-timeout', '5'];

  beforeAll(() => workplace.write('misbehaving.mjs', MISBEHAVING_PLUGIN));

  test('by throwing in a reporter makes the command exit with 3, but the other reports are written', async () => {
    const ended = await workplace.run(...plain, '-O', 'throwing', '-o', 'a.nwk', '-o', 'b.json', ...FAMILY);
    expect(ended).toEqual({
      code: 3,
      stdout: '',
      stderr: 'virt-similarity: error: [throwing] the reporter failed: out of ink\n',
    });
    expect(await readdir(workplace.directory)).toEqual(expect.arrayContaining(['a.nwk', 'b.json']));
  });

  test.each([
    ['in a reporter', ['-O', 'endless', '-o', 'c.nwk'], '[endless] the reporter'],
    ['in a hasher', ['--hash', 'endless'], '[endless] the hasher'],
    ['in a metric', ['--metric', 'endless'], '[endless] the metric'],
    ['in a clusterer', ['--clusterer', 'endless'], '[endless] the clusterer'],
    ['in a reader', ['--reader', 'silent'], '[silent] the reader'],
    ['while it is loaded', ['--plugin', './loop.mjs'], '[./loop.mjs] the plugin'],
    ['while it is loaded, by waiting', ['--plugin', './wait.mjs'], '[./wait.mjs] the plugin'],
  ])('by never returning %s makes the command exit with 7', async (_, words, part) => {
    await workplace.write('loop.mjs', 'for (;;);');
    await workplace.write('wait.mjs', 'setInterval(() => {}, 1000); await new Promise(() => {});');
    const { code, stdout, stderr } = await workplace.run(...limited, ...words, ...FAMILY);
    expect({ code, stdout }).toEqual({ code: 7, stdout: '' });
    const remedy = 'leave the plugin out, or allow it more time with --plugin-timeout';
    const lines = new Set(stderr.trimEnd().split('\n'));
    expect([...lines]).toEqual([`virt-similarity: error: ${part} gave no answer within 5 s; ${remedy}`]);
  });

  test('by never returning in a reporter does not prevent the other reports', async () => {
    expect(await workplace.run(...limited, '-o', 'd.endless', '-o', 'd.nwk', ...FAMILY)).toMatchObject({
      code: 7,
      stdout: FAMILY_TREE,
    });
    const names = await readdir(workplace.directory);
    expect(names).toContain('d.nwk');
    expect(names).not.toContain('d.endless');
    expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('does not affect images that do not need it', async () => {
    await workplace.run('-q', 'hash', '-o', 'vectors/', 'base.raw', 'other.raw');
    const vectors = ['vectors/base.raw.arrow', 'vectors/other.raw.arrow'];
    const { code, stdout } = await workplace.run(...limited, '--reader', 'silent', 'clone.raw', ...vectors);
    expect(code).toBe(3);
    expect(stdout).toContain('base.raw');
  });
});

describe('a warning of Node.js', () => {
  test('is printed only with --verbose', async () => {
    await workplace.write('warns.mjs', WARNING_PLUGIN);
    const words = ['--no-cache', '--plugin', './warns.mjs', ...FAMILY];
    expect(await workplace.run('-q', ...words)).toMatchObject({ code: 0, stderr: '' });
    expect((await workplace.run('-v', ...words)).stderr).toMatch(/^DeprecationWarning: an old call$/m);
  });

  test('is not caused by many images and many threads', async () => {
    const names = Array.from({ length: 70 }, (_, index) => `many-${index}.raw`);
    for (const [index, name] of names.entries()) {
      await workplace.write(name, rawImage(index));
    }
    const words = ['-v', '--no-cache', '--jobs', '16', '--plugin', './listens.mjs', ...names];
    await workplace.write('listens.mjs', LISTENING_PLUGIN);
    const { code, stderr } = await workplace.run(...words);
    expect(code).toBe(0);
    expect(stderr).not.toContain('Warning');
  });
});

describe('a defect', () => {
  test('is reported in one line, with a stack trace only with --verbose', async () => {
    await workplace.write('defect.mjs', `setTimeout(() => { throw new TypeError('boom'); }); ${PLUGIN_WITH_OPTIONS}`);
    const words = ['--no-cache', '--plugin', './defect.mjs', ...FAMILY];
    const { code, stderr } = await workplace.run('-q', ...words);
    expect({ code, stderr }).toEqual({
      code: 70,
      stderr: 'virt-similarity: error: boom; this is a bug, please report it with the output of --verbose\n',
    });
    expect((await workplace.run('-v', ...words)).stderr).toMatch(/^TypeError: boom\n +at /m);
  });
});

describe('the configuration file', () => {
  test('names plugins and sets defaults, which the command line overrides', async () => {
    await configure({ plugins: ['../../shout.mjs'], 'output-format': 'shout', cache: false });
    const { stdout } = await workplace.run('-q', ...FAMILY);
    expect(stdout).toBe('base.raw clone.raw other.raw\n');
    const overridden = await workplace.run('-q', '-O', 'ascii', ...FAMILY);
    expect(overridden.stdout).toBe(FAMILY_TREE);
  });

  test('is refused if other users are allowed to write to it', async () => {
    await configure({ plugins: [workplace.path('shout.mjs')] });
    await chmod(workplace.path('configuration/virt-similarity/config.json'), 0o666);
    const { code, stdout, stderr } = await workplace.run(...FAMILY);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/^virt-similarity: error: .*config\.json can be written by other users.*\n$/);
  });

  test('is never read from the working directory unless it is named', async () => {
    const write = 'import { writeFileSync } from "node:fs"; writeFileSync("was-run", ""); export default { jobs: 3 };';
    const names = ['virt-similarity.config.mjs', 'virt-similarity.config.js', '.virt-similarityrc.js'];
    for (const name of names) {
      await workplace.write(name, write);
    }
    await workplace.write('virt-similarity.config.json', '{ "jobs": 3 }');
    await workplace.write('package.json', '{ "type": "module", "virt-similarity": { "jobs": 3 } }');
    const { stdout } = await workplace.run('config', '--no-config');
    expect(stdout).toMatch(/^jobs +- +default$/m);
    expect((await workplace.run('config')).stdout).not.toMatch(/^jobs +3/m);
    expect(existsSync(workplace.path('was-run'))).toBe(false);
    for (const name of ['virt-similarity.config.json', 'package.json', 'virt-similarity.config.mjs']) {
      const named = await workplace.run('config', '--config', name);
      expect(named.stdout).toMatch(new RegExp(`^jobs +3 +file ${workplace.path(name)}$`, 'm'));
    }
    expect(existsSync(workplace.path('was-run'))).toBe(true);
  });
});
