import { copyFile, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AnalyzeOptions, createAnalyzer, type DiskKey, Passphrase } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import { decryptDisk, deterministicBytes, formatLuks, runTool, settled } from '../fixtures/index.js';

const MIB = 2 ** 20;
const BLOCK = 65_536;
const START = MIB;
/** Length of the partition: the header of version 2, and 4 MiB of content. */
const LENGTH = 20 * MIB;
const PAYLOAD = 16 * MIB;
/** The block of the content that differs. */
const CHANGED = 9;
/** The second passphrase is not valid text. */
const PASSPHRASES = [Buffer.from('first words'), Buffer.of(0xff, 0, 0x0a)] as const;

const analyzer = createAnalyzer({ plugins: [readers, hashers] });

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-volumes-'));
});

afterAll(() => rm(directory, { recursive: true }));

function at(name: string): string {
  return join(directory, name);
}

function keys(selector: string, ...passphrases: readonly Uint8Array[]): DiskKey[] {
  return passphrases.map((bytes) => ({ selector, passphrases: [new Passphrase(bytes)] }));
}

/** Returns the content of a partition. Only the first half is not zeros. */
function contentOf(index: number): Buffer {
  const content = Buffer.alloc(LENGTH - PAYLOAD);
  deterministicBytes('partition', 2 * MIB).copy(content);
  content.fill(index, CHANGED * BLOCK, CHANGED * BLOCK + 100);
  return content;
}

/** Creates a disk with one partition that has a LUKS header. */
async function partitionedDisk(name: string, passphrase: Uint8Array, version: 1 | 2): Promise<void> {
  const [disk, volume] = [at(name), at(`${name}.volume`)];
  for (const [path, size] of [
    [disk, START + LENGTH + MIB],
    [volume, LENGTH],
  ] as const) {
    await writeFile(path, '');
    await truncate(path, size);
  }
  await formatLuks(volume, passphrase, version);
  const table = at('table');
  await writeFile(table, `label: gpt\nstart=${START / 512}, size=${LENGTH / 512}\n`);
  await runTool('bash', ['-c', 'sfdisk -q "$1" < "$2"', 'bash', disk, table]);
  const file = await open(disk, 'r+');
  await file.write(await readFile(volume), 0, LENGTH, START);
  await file.close();
}

/** Runs guestfish with passphrases on its standard input. */
async function guestfish(words: readonly string[], input: string): Promise<void> {
  const script = 'input=$1; shift; printf %s "$input" | guestfish --keys-from-stdin "$@"';
  await runTool('bash', ['-c', script, 'bash', input, ...words]);
}

async function analyzed(names: readonly string[], options: AnalyzeOptions) {
  const analysis = await analyzer.analyze(names.map(at), { cache: false, ...options });
  expect(analysis.failures).toEqual([]);
  const encryption = analysis.images.map((image) => image.encryption);
  return { distances: [...analysis.distances.values], encryption, images: analysis.images };
}

test('partitions that cryptsetup and the kernel encrypted with LUKS version 2 are decrypted', async () => {
  const fresh = ['one.img', 'two.img'];
  for (const [index, name] of fresh.entries()) {
    await partitionedDisk(name, Buffer.from(`words ${index}`), 2);
    await writeFile(at(`${name}.content`), contentOf(index).subarray(0, 2 * MIB));
  }
  // libguestfs's appliance maps the partitions with the kernel's dm-crypt.
  await guestfish(
    [
      ...fresh.flatMap((name) => ['-a', at(name)]),
      ...['run', ':', 'cryptsetup-open', '/dev/sda1', 'one', ':', 'upload', at('one.img.content'), '/dev/mapper/one'],
      ...[':', 'cryptsetup-open', '/dev/sdb1', 'two', ':', 'upload', at('two.img.content'), '/dev/mapper/two'],
      ...[':', 'cryptsetup-close', '/dev/mapper/one', ':', 'cryptsetup-close', '/dev/mapper/two'],
    ],
    'words 0\nwords 1\n',
  );
  for (const [index, name] of fresh.entries()) {
    const expected = await readFile(at(name));
    expected.fill(0, START, START + PAYLOAD);
    contentOf(index).copy(expected, START + PAYLOAD);
    await writeFile(at(`${name}.clear.raw`), expected);
  }
  const clear = fresh.map((name) => `${name}.clear.raw`);
  const texts = [0, 1].map((index) => Buffer.from(`words ${index}`));
  for (const reader of ['raw', 'qemu', 'auto', 'libguestfs']) {
    const found = await analyzed([...fresh, ...clear], { keys: keys('all', ...texts), reader });
    // The partition tables differ too, in two places.
    const [distance] = found.distances;
    expect(distance).toBe((await analyzed(clear, {})).distances[0]);
    expect(found.distances).toEqual([distance, 0, distance, distance, 0, distance]);
    expect(found.encryption).toEqual(['decrypted', 'decrypted', undefined, undefined]);
  }
  const opaque = await analyzed(fresh, {});
  expect(opaque.distances[0]).toBeGreaterThanOrEqual(32);
  expect(opaque.encryption).toEqual(['ciphertext', 'ciphertext']);
});

test('a partition of LUKS version 1 has the content that qemu decrypts', async () => {
  await partitionedDisk('old.img', PASSPHRASES[0], 1);
  const volume = at('old.img.volume');
  const bytes = await readFile(volume);
  deterministicBytes('ciphertext', MIB).copy(bytes, 2 * MIB);
  await writeFile(volume, bytes);
  const file = await open(at('old.img'), 'r+');
  await file.write(bytes, 0, bytes.length, START);
  await file.close();
  await decryptDisk(volume, at('old.clear'), String(PASSPHRASES[0]), 'luks');
  const expected = await readFile(at('old.img'));
  expected.fill(0, START, START + 2 * MIB);
  // qemu also decrypts sectors that were never written.
  (await readFile(at('old.clear'))).copy(expected, START + 2 * MIB, 0, MIB);
  await writeFile(at('old.raw'), expected);
  const found = await analyzed(['old.img', 'old.raw'], { keys: keys('/dev/sda1', PASSPHRASES[0]) });
  expect(found).toMatchObject({ distances: [0], encryption: ['decrypted', undefined] });
});

test('a disk is refused if one of its partitions ends before its encrypted content begins', async () => {
  await partitionedDisk('short.img', PASSPHRASES[0], 1);
  const table = `label: gpt\nstart=${START / 512}, size=${MIB / 512}\nstart=${(START + MIB) / 512}, size=2048\n`;
  await writeFile(at('table'), table);
  await runTool('bash', ['-c', 'sfdisk -q --wipe never "$1" < "$2"', 'bash', at('short.img'), at('table')]);
  const options = { cache: false as const, keys: keys('all', PASSPHRASES[0]) };
  for await (const outcome of analyzer.hash([at('short.img')], options)) {
    expect(outcome).toMatchObject({
      error: { code: 'refused', message: expect.stringMatching(/partition 1 is .* but it ends at byte 1048576;/) },
    });
  }
  expect.assertions(1);
});

test('a disk of LUKS version 2 is decrypted, also with a key that is not text', async () => {
  for (const [index, passphrase] of PASSPHRASES.entries()) {
    const path = at(`whole-${index}.luks`);
    await writeFile(path, '');
    await truncate(path, LENGTH);
    await formatLuks(path, passphrase, 2, ['--sector-size', '512']);
  }
  const found = await analyzed(['whole-0.luks', 'whole-1.luks'], { keys: keys('all', ...PASSPHRASES) });
  expect(found.encryption).toEqual(['decrypted', 'decrypted']);
  expect(found.images.map(({ virtualSize, dataBlocks }) => [virtualSize, dataBlocks])).toEqual([
    [LENGTH - PAYLOAD, 0],
    [LENGTH - PAYLOAD, 0],
  ]);
});

test('vectors of decrypted content are cached on request, and used only with the right key', async () => {
  await partitionedDisk('cached.img', PASSPHRASES[0], 2);
  await copyFile(at('cached.img'), at('other.img'));
  await settled((await readdir(directory)).map(at));
  const run = async (options: AnalyzeOptions) => {
    const cached: boolean[] = [];
    await analyzed(['cached.img', 'other.img'], {
      cache: at('cache'),
      ...options,
      onProgress: (event) => void (event.kind === 'image-finished' && cached.push(event.cached)),
    });
    return cached;
  };
  const unlocked = { keys: keys('all', PASSPHRASES[0]) };
  expect(await run(unlocked)).toEqual([false, false]);
  expect(await run({ ...unlocked, cacheDecrypted: true })).toEqual([false, false]);
  expect(await run({ ...unlocked, cacheDecrypted: true })).toEqual([true, true]);
  expect(await run({})).toEqual([false, false]);
  const wrong = { keys: keys('all', PASSPHRASES[1]), cacheDecrypted: true, cache: at('cache') };
  await expect(analyzer.analyze(['cached.img', 'other.img'].map(at), wrong)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringMatching(/no key is available with the given passphrases; pass the right passphrase with/),
  });
});
