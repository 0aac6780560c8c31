import { readdirSync, readFileSync } from 'node:fs';
import { chmod, readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { COMMAND } from '../fixtures/command.js';
import { deterministicBytes } from '../fixtures/deterministic-bytes.js';
import { encryptDisk, formatLuks } from '../fixtures/luks-image.js';
import { settled } from '../fixtures/settled.js';
import { type CommandRun, type Ended, Workplace } from './command.js';
import { CTRL_C, startOnTerminal } from './terminal.js';

const BLOCK = 65_536;
const SIZE = 32 * BLOCK;
/** Distinct texts that nothing else contains. */
const [FIRST, SECOND, THIRD] = ['canary-tx7-first', 'canary-tx7-second', 'canary-tx7-third'];
const CANARY = 'canary-tx7';

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.make();
  const content = deterministicBytes('encrypted', SIZE);
  for (const [name, passphrase, format] of [
    ['one', FIRST, 'luks'],
    ['two', SECOND, 'qcow2'],
  ] as const) {
    await workplace.write(`${name}.raw`, content);
    await encryptDisk(workplace.path(`${name}.raw`), workplace.path(`${name}.${format}`), passphrase, format, SIZE);
    await workplace.write(`${name}.key`, `${passphrase}\n`);
    await chmod(workplace.path(`${name}.key`), 0o600);
    content.fill(1, BLOCK, BLOCK + 10);
  }
  await workplace.write('three.key', THIRD);
  await chmod(workplace.path('three.key'), 0o600);
  await workplace.write('three.img', '');
  await truncate(workplace.path('three.img'), 16 * 2 ** 20 + SIZE);
  await formatLuks(workplace.path('three.img'), THIRD, 2);
  await settled(['one.luks', 'two.qcow2', 'three.img'].map((name) => workplace.path(name)));
});

afterAll(() => workplace.remove());

/** Waits for a run to end. Until then, collects the command lines and environments of all processes of the machine. */
async function watched(run: CommandRun): Promise<Ended & { readonly shown: string }> {
  let ended: Ended | undefined;
  void run.ended.then((end) => {
    ended = end;
  });
  const shown = new Set<string>();
  while (ended === undefined) {
    for (const process of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      for (const file of ['cmdline', 'environ']) {
        shown.add(textOf(join('/proc', process, file)));
      }
    }
    await new Promise(setImmediate);
  }
  return { ...ended, shown: [...shown].join('\n') };
}

/** Returns the text of a file of a process, or an empty text if the process has ended or belongs to another user. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function keyed(...names: readonly string[]): string[] {
  return names.flatMap((name) => ['--key', `all:file:${workplace.path(`${name}.key`)}`]);
}

test('no passphrase is in a process list, an environment, a message, a report or a file', async () => {
  const outputs = ['-O', 'json', '-o', 'tree.dot', '-o', 'tree.nwk', '-o', 'tree.txt', '--cache', 'cache'];
  const words = [
    ...outputs,
    '-v',
    '--cache-decrypted',
    ...keyed('one', 'two', 'three'),
    'one.luks',
    'two.qcow2',
    'three.img',
  ];
  const { code, stdout, stderr, shown } = await watched(workplace.start(words));
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(JSON.parse(stdout)).toMatchObject({
    distances: [1, 32, 32],
    images: [{ encryption: 'decrypted' }, { encryption: 'decrypted' }, { encryption: 'decrypted' }],
  });
  // The collected texts include those of the tools.
  expect(shown).toMatch(/qemu-img.*secret,id=secret0,file=\/text\/0/s);
  expect(shown).toMatch(/cryptsetup.*--key-file.\/text\/1/s);
  expect([stdout, stderr, shown].map((text) => text.includes(CANARY))).toEqual([false, false, false]);
  const files = (await Promise.all([workplace.directory, workplace.temporary].map(filesBelow))).flat();
  const written = files.filter((path) => !path.endsWith('.key'));
  expect(written.filter((path) => path.includes('/cache/'))).not.toEqual([]);
  const contents = await Promise.all(written.map((path) => readFile(path)));
  expect(written.filter((_, index) => contents[index]!.includes(CANARY))).toEqual([]);
});

test('an image without a fitting key fails, and the others are reported', async () => {
  const { code, stdout, stderr } = await workplace.run(
    '--no-cache',
    '-O',
    'json',
    ...keyed('one'),
    'one.luks',
    'one.raw',
    'two.qcow2',
  );
  expect(code).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({ distances: [0], failures: [{ path: 'two.qcow2', code: 'refused' }] });
  expect(stderr).toMatch(/two\.qcow2: .*cannot unlock any keyslot; pass the right passphrase with --key\n/);
  expect(stderr).not.toContain(CANARY);
});

test('without a key, ciphertext is marked, with a warning for each image in every run', async () => {
  const names = ['one.luks', 'two.qcow2'];
  const warning = /is encrypted with LUKS, so ciphertext is compared/g;
  for (const from of ['reading', 'the cache']) {
    const { code, stdout, stderr } = await workplace.run('--cache', 'marks', ...names);
    expect({ from, code, stderr }).toEqual({ from, code: 0, stderr: expect.stringMatching(warning) });
    expect(stderr.match(warning)).toHaveLength(2);
    expect(stdout).toContain('--- one.luks (ciphertext)\n');
    expect(stdout).toContain('--- two.qcow2 (ciphertext)\n');
  }
  await workplace.run('hash', '--cache', 'marks', ...names);
  const vectors = await workplace.run('--no-cache', '-O', 'json', 'one.luks.arrow', 'two.qcow2.arrow');
  expect(JSON.parse(vectors.stdout)).toMatchObject({
    images: [{ encryption: 'ciphertext' }, { encryption: 'ciphertext' }],
  });
  expect(vectors.stderr.match(warning)).toHaveLength(2);
  const newick = await workplace.run('--no-cache', '-O', 'newick', ...names);
  expect(newick.stdout).not.toContain('ciphertext');
});

test('the list of the cache distinguishes ciphertext from decrypted content', async () => {
  await workplace.run('--cache', 'both', 'one.luks', 'one.raw');
  await workplace.run('--cache', 'both', '--cache-decrypted', ...keyed('one'), 'one.luks', 'one.raw');
  const { stdout } = await workplace.run('cache', 'list', '--cache', 'both');
  const listed = stdout.split('\n').flatMap((line) => (line.includes('.luks') ? [line.split(/ {2,}/).at(-2)] : []));
  expect(listed.sort()).toEqual(['ciphertext', 'decrypted']);
});

test.each([
  [['--key', `all:key:${FIRST}`], 2, /a passphrase in an argument is visible to every user of this machine; write it/],
  [['--key', FIRST], 2, /name it as all:file:FILE/],
  [['--key', 'one.key'], 2, /name the file one\.key as all:file:one\.key\n/],
  [['--key', 'all:file:missing.key'], 5, /cannot read the key file missing\.key: no such file or directory/],
])('the option %j ends the command before it reads an image', async (option, expected, message) => {
  const { code, stdout, stderr } = await workplace.run('-v', ...option, 'one.luks', 'two.qcow2');
  expect({ code, stdout, stderr }).toEqual({ code: expected, stdout: '', stderr: expect.stringMatching(message) });
  expect(stderr).not.toContain(CANARY);
});

test('the key of the remedy can be passed', async () => {
  const refused = await workplace.run('hash', '--format', 'luks', 'one.luks');
  expect(refused.code).toBe(4);
  const [, selector] = /--key (\S+):file:FILE/.exec(refused.stderr)!;
  const key = `${selector}:file:${workplace.path('one.key')}`;
  const hashed = await workplace.run('hash', '--no-cache', '--format', 'luks', '--key', key, 'one.luks');
  expect(hashed).toMatchObject({ code: 0 });
});

test('passphrases are read from standard input, one on each line, in any order', async () => {
  await workplace.write('keys', `${THIRD}\n\n${SECOND}\n${FIRST}`);
  const line = '"$@" --no-cache --keys-from-stdin -O json one.luks two.qcow2 three.img <keys';
  const { code, stdout, stderr } = await workplace.startBy('sh', ['-c', line, 'sh', ...COMMAND]).ended;
  expect(code).toBe(0);
  expect(stderr).not.toContain('ciphertext');
  expect(JSON.parse(stdout).images).toHaveLength(3);
  const none = ['-c', '"$@" --keys-from-stdin one.luks two.qcow2 </dev/null', 'sh', ...COMMAND];
  expect(await workplace.startBy('sh', none).ended).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('expected a passphrase on each line of standard input, found none'),
  });
  const twice = ['-c', 'echo one.luks | "$@" --keys-from-stdin -', 'sh', ...COMMAND];
  expect(await workplace.startBy('sh', twice).ended).toMatchObject({ code: 2 });
});

test('passphrases that are typed on a terminal are not shown', async () => {
  const run = startOnTerminal(workplace, ['--no-cache', '--keys-from-stdin', '-O', 'csv', 'one.luks', 'two.qcow2']);
  await run.shows('an empty line ends the input');
  // Ctrl-U erases the line, and DEL its last character.
  run.process.stdin!.write(`wrong\u0015${FIRST}x\u007f\r`);
  run.process.stdin!.write(`${SECOND}\r\r`);
  expect(await run.ended).toBe(0);
  expect(run.shown()).not.toContain(CANARY);
  expect(run.shown()).not.toContain('ciphertext');
  expect(run.shown()).toContain('one.luks,');
});

test('Ctrl-C while passphrases are typed ends the run', async () => {
  const run = startOnTerminal(workplace, ['--no-cache', '--keys-from-stdin', 'one.luks', 'two.qcow2']);
  await run.shows('an empty line ends the input');
  run.process.stdin!.write(CTRL_C);
  expect(await run.ended).toBe(130);
});
