import { mkdtemp, realpath, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createAnalyzer, type DiskSource, type HashOptions, writeHashVector } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import { ascii, fileWith, mbrEntry, qcow2File } from '../../readers/inspection/headers.js';
import { LUKS, LUKS_UUID } from '../../readers/inspection/sound-headers.js';

const analyzer = createAnalyzer({ plugins: [readers, hashers] });
const LONG_AGO = new Date('2020-01-01');
/** The text that follows the description of the encryption in every warning. */
const SO = 'so ciphertext is compared, and encrypted clones of one disk look unrelated';
const KEY = `decrypt it, or give its key with \`keys: '${LUKS_UUID}:file:FILE'\`,`;

let directory: string;
const at = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-ciphertext-')));
  const partitions = fileWith(2 ** 20, { 446: mbrEntry(0x07, 128), 462: mbrEntry(0x83, 256), 510: ascii('\x55\xaa') });
  partitions.write('-FVE-FS-', 128 * 512 + 3);
  fileWith(592, LUKS).copy(partitions, 256 * 512);
  const bitLocker = fileWith(65_536, { 3: ascii('-FVE-FS-') });
  await write('disk.img', fileWith(65_536, LUKS));
  await write('partitions.raw', partitions);
  await write('windows.raw', bitLocker);
  await write('clear.raw', fileWith(65_536, { 0: ascii('\x90') }));
  await write('top.qcow2', qcow2File({ virtualSize: 65_536n, backing: 'disk.img', backingFormat: 'raw' }));
});

afterAll(() => rm(directory, { recursive: true }));

async function write(name: string, content: Buffer): Promise<void> {
  await writeFile(at(name), content);
  await utimes(at(name), LONG_AGO, LONG_AGO);
}

/** Hashes an image. Returns the warnings, and whether its vector came from the cache. */
async function hashed(source: DiskSource, options: HashOptions = {}) {
  const warnings: string[] = [];
  const onNote: HashOptions['onNote'] = (level, note) => void (level === 'warning' && warnings.push(note));
  for await (const outcome of analyzer.hash([source], { cache: false, ...options, onNote })) {
    if (outcome.error !== undefined) {
      throw outcome.error;
    }
    return { warnings, cached: outcome.cached, vector: outcome.vector };
  }
  throw new Error('expected an outcome');
}

test.each([
  ['disk.img', 'its disk is encrypted with LUKS', KEY],
  ['partitions.raw', 'its disk is encrypted with BitLocker in partition 1, with LUKS in partition 2', KEY],
  ['windows.raw', 'its disk is encrypted with BitLocker', 'decrypt it'],
  ['top.qcow2', 'its backing image DIRECTORY/disk.img is encrypted with LUKS', 'decrypt it'],
])('ciphertext in %s causes a warning for images, cached vectors and vector files', async (name, problem, remedy) => {
  const path = at(name);
  const problemHere = `${problem.replace('DIRECTORY', directory)}, ${SO}`;
  const expected = [`${path}: ${problemHere}; ${remedy} to compare its content`];
  const cache = at('cache');
  const first = await hashed({ path }, { cache });
  expect([first.cached, first.warnings]).toEqual([false, expected]);
  const second = await hashed({ path }, { cache });
  expect([second.cached, second.warnings]).toEqual([true, expected]);

  const file = at(`${name}.arrow`);
  await writeHashVector(first.vector, file);
  const inFile = `${file}: ${problemHere}; hash its image again, decrypted, to compare its content`;
  expect((await hashed({ path: file })).warnings).toEqual([inFile]);
});

test.each([
  ['a disk that is not encrypted', { path: 'clear.raw' }],
  ['a disk whose format the user gives as raw', { path: 'disk.img', format: 'raw' }],
])('%s causes no warning', async (_, { path, ...format }) => {
  expect((await hashed({ path: at(path), ...format })).warnings).toEqual([]);
});
