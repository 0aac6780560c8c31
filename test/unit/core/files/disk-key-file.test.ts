import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ANALYZE_DEFAULTS, createAnalyzer, type DiskKey, Passphrase, readDiskKey } from '@virt-similarity/core';

const CANARY = 'canary-5f1c';
const UUID = '76fe712e-7df1-4af3-bd58-33420210cb35';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-keys-'));
});

afterEach(() => rm(directory, { recursive: true }));

async function write(content: string | Buffer, mode = 0o600): Promise<string> {
  const path = join(directory, 'key:file');
  await writeFile(path, content, { mode });
  return path;
}

function textsOf({ passphrases }: DiskKey): string[] {
  return passphrases.map((passphrase) => Buffer.from(passphrase.reveal()).toString('latin1'));
}

describe('a key', () => {
  test.each([
    ['without a line feed is the complete file', 'two words ', ['two words ']],
    ['with a line feed at its end is tried without it first', 'words\n', ['words', 'words\n']],
    ['with several line feeds loses only the last', 'a\nb\n\n', ['a\nb\n', 'a\nb\n\n']],
    ['can be a single line feed', '\n', ['\n']],
    ['can be any bytes', Buffer.of(0, 255, 10, 0), ['\0\xff\n\0']],
  ])('%s', async (_, content, texts) => {
    const key = await readDiskKey(`all:file:${await write(content)}`);
    expect(key.selector).toBe('all');
    expect(textsOf(key)).toEqual(texts);
  });

  test.each([
    ['all', 'all'],
    ['ALL', 'all'],
    ['/dev/sda', '/dev/sda'],
    ['/dev/sda12', '/dev/sda12'],
    [UUID.toUpperCase(), UUID],
  ])('can have the selector %s', async (selector, expected) => {
    expect((await readDiskKey(`${selector}:file:${await write('words')}`)).selector).toBe(expected);
  });

  test('can come from a pipe', async () => {
    const script = `import { readDiskKey } from '@virt-similarity/core';
      const key = await readDiskKey('all:file:/dev/fd/3');
      process.stdout.write(key.passphrases.map((each) => Buffer.from(each.reveal()).toString()).join());`;
    const node = `${process.execPath} -C unbundled --input-type=module -e "$1" 3< <(printf words)`;
    expect(execFileSync('bash', ['-c', node, 'bash', script], { encoding: 'utf8' })).toBe('words');
  });

  test.each([
    [0o600, 0],
    [0o400, 0],
    [0o640, 1],
    [0o604, 1],
  ])('in a file of mode %o causes %d warnings', async (mode, count) => {
    const warnings: string[] = [];
    const path = await write('words', mode);
    await readDiskKey(`all:file:${path}`, { warn: (message) => void warnings.push(message) });
    await readDiskKey(`all:file:${path}`);
    const warning = `other users have permissions for the key file ${path}; run chmod go= '${path}'`;
    expect(warnings).toEqual(Array.from({ length: count }, () => warning));
  });

  test('has at most 8 MiB', async () => {
    const longest = await write(Buffer.alloc(8 * 2 ** 20, 1));
    expect((await readDiskKey(`all:file:${longest}`)).passphrases[0]!.reveal()).toHaveLength(8 * 2 ** 20);
    await writeFile(longest, 'x', { flag: 'a' });
    await expect(readDiskKey(`all:file:${longest}`)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/expected 1 to 8388608 bytes .*, found more$/),
    });
    await expect(readDiskKey('all:file:/dev/zero')).rejects.toMatchObject({ code: 'usage' });
  });

  test('must not be empty', async () => {
    await expect(readDiskKey(`all:file:${await write('')}`)).rejects.toMatchObject({ code: 'usage' });
  });

  test('in a missing file is unreadable', async () => {
    await expect(readDiskKey(`all:file:${directory}/missing`)).rejects.toMatchObject({
      code: 'unreadable',
      message: `cannot read the key file ${directory}/missing: no such file or directory`,
    });
  });

  test('keeps the memory of the process out of core dumps once it is read', async () => {
    await readDiskKey(`all:file:${await write('words')}`);
    expect(await readFile('/proc/self/coredump_filter', 'utf8')).toBe('00000000\n');
  });
});

describe('a text that names no key is refused without repeating a passphrase in it:', () => {
  test.each([
    [`all:key:${CANARY}`, /visible to every user of this machine; write it to a file/],
    [`/dev/sda2:key:${CANARY}`, /visible to every user/],
    [CANARY, /as SELECTOR:file:FILE, found another form; name it as all:file:FILE$/],
    [`all:${CANARY}`, /name it as all:file:FILE$/],
    ['all:clevis', /name it as all:file:FILE$/],
    ['', /name it as all:file:FILE$/],
    ['all:file:', /expected the file with the passphrase after file:, found nothing; name it as all:file:FILE$/],
    [':file:/etc/key', /expected all, .* before :file:, found nothing; pass all:file:\/etc\/key for every disk$/],
    ['/dev/sdb:file:/etc/key', /expected all, the UUID of a LUKS header, \/dev\/sda, .*, found "\/dev\/sdb"/],
  ])('%s', async (text, message) => {
    const error = await readDiskKey(text).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'usage', message: expect.stringMatching(message) });
    expect(inspect(error)).not.toContain(CANARY);
  });
});

test('a text that is the path of a file is refused, and the message suggests a key in that file', async () => {
  const path = await write('words');
  await expect(readDiskKey(path)).rejects.toMatchObject({
    code: 'usage',
    message: `expected a key as SELECTOR:file:FILE, found another form; name the file ${path} as all:file:${path}`,
  });
});

test('no text form of a key contains its passphrase', () => {
  const key: DiskKey = { selector: 'all', passphrases: [new Passphrase(Buffer.from(CANARY))] };
  const error = new Error('failed', { cause: key });
  const forms = [
    inspect(error, { depth: null, showHidden: true }),
    JSON.stringify(key),
    String(key.passphrases[0]),
    inspect(structuredClone(key), { depth: null }),
  ];
  expect(forms.filter((form) => form.includes(CANARY) || form.includes('63 61 6e'))).toEqual([]);
  expect(textsOf(key)).toEqual([CANARY]);
});

test('values that are not keys are refused without being shown', async () => {
  const analyzer = createAnalyzer({ plugins: [] });
  for (const keys of [[CANARY], [{ selector: 'all', passphrases: [CANARY] }], CANARY, [null]]) {
    const error = await analyzer.analyze([], { ...ANALYZE_DEFAULTS, keys } as never).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'usage', message: expect.stringMatching(/^option keys/) });
    expect(inspect(error, { depth: null })).not.toContain(CANARY);
  }
});
