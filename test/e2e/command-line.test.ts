import { mkdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Workplace } from './command.js';
import { FAMILY, writeFamily } from './sample-images.js';

/** A command that uses its options, which have several types, and a command that fails. */
const AUDIT_PLUGIN = `
const audit = {
  summary: 'lists images and the size of their data',
  usage: '[options] IMAGE…',
  operands: { min: 1 },
  options: {
    unit: { type: 'size', short: 'u', min: 1, default: 65536, description: 'bytes to count in' },
    order: { type: 'enum', values: ['name', 'data'], default: 'name', description: 'what to sort by' },
  },
  async run({ options, operands, analyzer, messages, write, signal }) {
    console.log('a message');
    messages.note(\`options: \${JSON.stringify(options)}\`);
    const rows = [];
    for await (const { path, vector, error } of (await analyzer()).hash(operands, { blockSize: 65536, signal })) {
      if (error !== undefined) throw error;
      rows.push([path, (vector.dataBlocks * 65536) / options.unit]);
    }
    rows.sort(([one, small], [other, large]) => options.order === 'data' ? small - large : one < other ? -1 : 1);
    await write(rows.map((row) => \`\${row.join(' ')}\\n\`));
    return 9;
  },
};
class FailingCommand {
  summary = 'fails';
  run() { throw new TypeError('out of ink'); }
}
export default { name: 'auditing', commands: { audit, fail: FailingCommand } };
`;

const PLUGIN = ['--plugin', './audit.mjs'];

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.make();
  await writeFamily(workplace);
  await workplace.write('audit.mjs', AUDIT_PLUGIN);
  await workplace.write(
    'takes-hash.mjs',
    "export default { name: 'taking', commands: { hash: { summary: 'x', run: () => 0 } } };",
  );
  await mkdir(workplace.path('configuration/virt-similarity'), { recursive: true });
});

afterAll(() => workplace.remove());

describe('the command without arguments', () => {
  test('prints a short help with examples to stderr and fails', async () => {
    const { code, stdout, stderr } = await workplace.run();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.match(/^ {2}virt-similarity .*/gm)).toHaveLength(3);
    expect(stderr).toMatch(
      /^Commands: analyze, hash, view, plugins, cache, config, completion, doctor, plan, apply, search, diff, stats$/m,
    );
    expect(stderr).toMatch(/virt-similarity --help\n$/);
  });
});

describe('the help', () => {
  test.each([
    ['--help', '[analyze] [options] IMAGE…'],
    ['help', '[analyze] [options] IMAGE…'],
    ['help hash', 'hash [options] IMAGE…'],
    ['-v hash --help', 'hash [options] IMAGE…'],
    ['cache --help', 'cache [options] list|verify|prune'],
    ['--cache dir cache --help', 'cache [options] list|verify|prune'],
  ])('is printed to stdout by: %s', async (line, usage) => {
    const { code, stdout, stderr } = await workplace.run(...line.split(' '));
    expect({ code, stderr, usage: stdout.split('\n')[0] }).toEqual({
      code: 0,
      stderr: '',
      usage: `Usage: virt-similarity ${usage}`,
    });
  });

  test('lists the commands of plugins and their options', async () => {
    expect((await workplace.run(...PLUGIN, '--help')).stdout).toMatch(/^ {2}virt-similarity audit +lists images and/m);
    const { stdout } = await workplace.run(...PLUGIN, 'help', 'audit');
    expect(stdout).toMatch(/^Usage: virt-similarity audit \[options\] IMAGE…\n/);
    expect(stdout).toMatch(/-u, --unit <size> +bytes to count in \(default: 64K\)$/m);
    expect(stdout).toMatch(/--quiet/);
  });
});

describe('the command', () => {
  test.each([
    ['-q', 'plugins'],
    ['--cache', 'elsewhere', 'cache', 'list', '-q'],
  ])('can follow options: %j %j', async (...words) => {
    expect(await workplace.run(...words)).toMatchObject({ code: 0, stderr: '' });
  });

  test.each([
    [['--x', 'y', 'hash', ...FAMILY], /unknown option '--x'/],
    [['--linkage', 'ward', 'hash', ...FAMILY], /unknown option '--linkage'/],
  ])('is not read as an image after options of another command: %j', async (words, message) => {
    const { code, stdout, stderr } = await workplace.run(...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe("a plugin's command", () => {
  test('receives options, operands and the analyzer, and determines the exit code', async () => {
    const words = [...PLUGIN, 'audit', '-u', '32K', '--order', 'data', 'base.raw', 'other.raw'];
    const { code, stdout, stderr } = await workplace.run(...words);
    expect(code).toBe(9);
    expect(stdout).toMatch(/^\S+\.raw \d+\n\S+\.raw \d+\n$/);
    expect(stderr).toBe('a message\noptions: {"unit":32768,"order":"data"}\n');
  });

  test('can be loaded by the configuration file', async () => {
    const configuration = { plugins: ['../../audit.mjs'] };
    await workplace.write('configuration/virt-similarity/config.json', JSON.stringify(configuration));
    try {
      const { code, stdout } = await workplace.run('audit', 'base.raw');
      expect({ code, stdout }).toEqual({ code: 9, stdout: expect.stringMatching(/^base\.raw \d+\n$/) });
    } finally {
      await workplace.write('configuration/virt-similarity/config.json', '{}');
    }
  });

  test('is listed by the command plugins', async () => {
    expect((await workplace.run('plugins', ...PLUGIN)).stdout).toMatch(/^command +audit +auditing +\/.*audit\.mjs$/m);
  });

  test.each([
    ['audit --unit 0 a', 2, /--unit: expected a number of bytes of at least 1, .*; found '0'/],
    ['audit --order size a', 2, /--order: expected one of name, data; found 'size'/],
    ['audit', 2, /audit: expected at least 1 argument; found nothing/],
    ['audit missing.raw', 5, /missing\.raw/],
    ['fail', 3, /\[fail\] the command failed: out of ink/],
    ['adit', 2, /did you mean 'audit'\?/],
  ])('%s exits with %d and one error line', async (line, code, message) => {
    const ended = await workplace.run('-q', ...PLUGIN, ...line.split(' '));
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr.split('\n').filter((text) => text.startsWith('virt-similarity: '))).toHaveLength(1);
  });

  test('cannot have the name of a built-in command', async () => {
    const { code, stderr } = await workplace.run('--plugin', './takes-hash.mjs', 'hash', ...FAMILY);
    expect(code).toBe(3);
    expect(stderr).toBe(
      'virt-similarity: error: cannot use the plugin command hash: ' +
        'virt-similarity already has a command of that name; give it another name\n',
    );
  });
});
