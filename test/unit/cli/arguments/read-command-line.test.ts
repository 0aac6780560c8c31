import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readCommandLine } from '#cli/arguments/read-command-line.js';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-command-line-'));
  await mkdir(join(directory, 'virt-similarity'));
});

afterAll(() => rm(directory, { recursive: true }));

const configure = (value: object) =>
  writeFile(join(directory, 'virt-similarity/config.json'), JSON.stringify(value), { mode: 0o600 });

async function read(line: string, variables: NodeJS.ProcessEnv = {}, notes: string[] = []) {
  const environment = { XDG_CONFIG_HOME: directory, ...variables };
  const invocation = await readCommandLine(line.split(' '), directory, environment, new AbortController().signal, {
    note: (_level, message) => notes.push(message),
  });
  if (invocation.kind === 'text') {
    throw new Error(`expected a command, found the text ${invocation.text}`);
  }
  return { name: invocation.command.name, ...invocation.context };
}

describe('a command line', () => {
  beforeAll(() => configure({}));

  test('is converted to the units of the library, with defaults', async () => {
    const { options } = await read('--block-size 4K --jobs 3 --linkage ward --no-cache --max-virtual-size 1T a b');
    expect(options).toMatchObject({ 'block-size': 4096, jobs: 3, linkage: 'ward', cache: false, sandbox: true });
    expect(options).toMatchObject({ 'max-virtual-size': 2 ** 40, reader: 'auto', 'plugin-timeout': 60 });
  });

  test('sets options of reporters separately, without defaults', async () => {
    const { options, reportOptions } = await read('--binary a b');
    expect(reportOptions).toEqual({ binary: true });
    expect(options).not.toHaveProperty('binary');
  });

  test.each([
    ['--block-size 3K a b', "--block-size: expected a power of two from 512 to 16M, such as 65536 or 64K; found '3K'"],
    ['--jobs 0 a b', "--jobs: expected a whole number from 1 to 1024, found '0'"],
    ['--hash= a b', '--hash: expected a name, found nothing'],
    ['-o= --output= a b', '--output: expected a path, found nothing'],
    ['--dialect quotd a b', "--dialect: expected one of safe, quoted; found 'quotd'; did you mean 'quoted'?"],
    ['cache list prune', "cache: too many arguments: expected one of list, verify, prune; found 'list prune'"],
  ])('%s is refused', async (line, message) => {
    await expect(read(line)).rejects.toThrow(expect.objectContaining({ code: 'usage', message }));
  });

  test('is refused if its command does not accept one of the options', async () => {
    await expect(read('--linkage ward hash a b')).rejects.toThrow("unknown option '--linkage'");
    await expect(read('--x y hash a')).rejects.toThrow("unknown option '--x'");
  });

  test('has the names of all commands', async () => {
    const { commands } = await read('doctor');
    expect(commands.map(({ name }) => name)).toEqual([
      'analyze',
      'hash',
      'view',
      'plugins',
      'cache',
      'config',
      'completion',
      'doctor',
      'plan',
      'apply',
      'search',
      'diff',
      'stats',
    ]);
  });
});

describe('the configuration file', () => {
  beforeEach(() => configure({ 'block-size': '4K', jobs: 2, cache: false, sandbox: false }));

  test('sets options that the command line does not set', async () => {
    const { options } = await read('--jobs 5 a b');
    expect(options).toMatchObject({ 'block-size': 4096, jobs: 5, cache: false, sandbox: false });
  });

  test('sets only options that the command accepts', async () => {
    expect((await read('cache list')).options).toMatchObject({ cache: 'similarity-cache' });
    expect((await read('doctor')).options).not.toHaveProperty('jobs');
  });

  test('sets options of reports, which are validated only for commands that accept them', async () => {
    await configure({ reports: { width: '80', heights: true } });
    expect(await read('--width 90 a b')).toMatchObject({
      reportOptions: { width: 90 },
      reportDefaults: { width: 80, heights: true },
    });
    expect((await read('hash a')).reportDefaults).toEqual({});
    await configure({ reports: { widht: 80 } });
    await expect(read('a b')).rejects.toThrow(/config\.json: reports: unknown option 'widht'; did you mean 'width'\?$/);
    expect((await read('hash a')).reportDefaults).toEqual({});
    await configure({ reports: { width: 8 } });
    await expect(read('a b')).rejects.toThrow(/config\.json: reports: width: expected a whole number from 40/);
  });

  test('can turn on switches that the command line turns off', async () => {
    await writeFile(join(directory, 'on.json'), '{ "recursive": true, "allow-in-use": true }', { mode: 0o600 });
    expect((await read('--config on.json a b')).options).toMatchObject({ recursive: true, 'allow-in-use': true });
    const { options } = await read('--config on.json --no-recursive --no-allow-in-use --sandbox a b');
    expect(options).toMatchObject({ recursive: false, 'allow-in-use': false, sandbox: true });
  });

  test('can be replaced by another file, or ignored', async () => {
    await writeFile(join(directory, 'other.json'), '{ "jobs": 7 }', { mode: 0o600 });
    expect((await read('--config other.json a b')).options).toMatchObject({ jobs: 7, sandbox: true });
    expect((await read('--no-config a b')).options).not.toHaveProperty('jobs');
    expect((await read('a b', { VIRT_SIMILARITY_CONFIG: 'other.json' })).options).toMatchObject({ jobs: 7 });
    await expect(read('--config othr.json a b')).rejects.toThrow(
      /othr\.json: no such file or directory; check its path$/,
    );
  });

  test('yields to the environment, which yields to the command line', async () => {
    const variables = { VIRT_SIMILARITY_JOBS: '3', VIRT_SIMILARITY_SANDBOX: 'true', VIRT_SIMILARITY_METRIC: '' };
    const { settings } = await read('--block-size 8K a b', variables);
    expect(['jobs', 'sandbox', 'block-size', 'cache', 'metric'].map((name) => settings.get(name))).toEqual([
      { value: 3, origin: { kind: 'environment', name: 'VIRT_SIMILARITY_JOBS' } },
      { value: true, origin: { kind: 'environment', name: 'VIRT_SIMILARITY_SANDBOX' } },
      { value: 8192, origin: { kind: 'flag', name: '--block-size' } },
      { value: false, origin: { kind: 'file', name: join(directory, 'virt-similarity/config.json') } },
      { value: 'hamming', origin: { kind: 'default' } },
    ]);
    expect((await read('--jobs 1 a b', variables)).options).toMatchObject({ jobs: 1 });
    expect((await read('a b', { VIRT_SIMILARITY_CACHE: 'false' })).options).toMatchObject({ cache: false });
    await expect(read('a b', { VIRT_SIMILARITY_JOBS: '0' })).rejects.toMatchObject({
      code: 'usage',
      message: "VIRT_SIMILARITY_JOBS: expected a whole number from 1 to 1024, found '0'",
    });
  });

  test('is not affected by a mistyped variable, which causes a warning', async () => {
    const notes: string[] = [];
    await read('a b', { VIRT_SIMILARITY_METRIK: 'jaccard', VIRT_SIMILARITY_UNRELATED_THING: '1', VIRT: 'x' }, notes);
    expect(notes).toEqual([
      "the environment variable VIRT_SIMILARITY_METRIK has no effect; did you mean 'VIRT_SIMILARITY_METRIC'?",
    ]);
  });

  test('is refused if the command accepts one of its options, but not its value', async () => {
    const option = "{ jobs: { type: 'number', max: 1, description: 'x' } }";
    const command = `{ summary: 'x', options: ${option}, run: () => 0 }`;
    const plugin = `export default { name: 'few', url: import.meta.url, commands: { few: ${command} } };`;
    await writeFile(join(directory, 'few.mjs'), plugin);
    await expect(read(`--plugin ${join(directory, 'few.mjs')} few`)).rejects.toMatchObject({
      code: 'usage',
      message: `${join(directory, 'virt-similarity/config.json')}: jobs: expected a number of at most 1, found 2`,
    });
    expect((await read(`--plugin ${join(directory, 'few.mjs')} few --jobs 1`)).options).toMatchObject({ jobs: 1 });
  });
});
