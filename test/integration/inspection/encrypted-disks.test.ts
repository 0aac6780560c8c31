import { mkdtemp, readFile, realpath, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type DiskKey,
  type DiskSource,
  encryptionOf,
  formatsOf,
  Passphrase,
  type ReadOptions,
} from '@virt-similarity/core';
import { identityOf } from '#readers/inspection/identity-of.js';
import { inspect } from '#readers/inspection/inspect.js';
import { createLuks, formatLuks, runTool } from '../../fixtures/index.js';
import { fileWith, mbrEntry, qcow2File } from '../../unit/readers/inspection/headers.js';

const SIZE = 2 ** 20;
const [RIGHT, WRONG] = ['right-words', 'wrong-words'];

let directory: string;

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-encrypted-')));
  await createLuks(at('disk.luks'), RIGHT);
  await createLuks(at('disk.qcow2'), RIGHT, 'qcow2');
});

afterAll(() => rm(directory, { recursive: true }));

function at(name: string): string {
  return join(directory, name);
}

function key(selector: string, ...texts: readonly string[]): DiskKey {
  return { selector, passphrases: texts.map((text) => new Passphrase(Buffer.from(text, 'latin1'))) };
}

function inspectWith(keys: readonly DiskKey[], source: DiskSource, more: Partial<ReadOptions> = {}) {
  return inspect(source, { allowedDirectories: [directory], keys, ...more });
}

describe.each(['disk.luks', 'disk.qcow2'])('%s', (name) => {
  const format = name.replace('disk.', '');

  test('is decrypted with a fitting key, also if another key does not fit', async () => {
    const warn = () => expect('no warning').toBe('given');
    const image = await inspectWith([key('all', WRONG), key('/dev/sda', RIGHT)], { path: at(name) }, { warn });
    expect(image).toMatchObject({ format, encryption: 'decrypted', virtualSize: SIZE });
    expect(formatsOf(identityOf(image))).toBe(`${format}:decrypted`);
  });

  test('is decrypted with a key for its UUID', async () => {
    const { stdout } = await runTool('qemu-img', ['info', at(name)]);
    const uuid = /uuid: ([\da-f-]{36})/.exec(stdout)![1]!;
    expect(await inspectWith([key(uuid, RIGHT)], { path: at(name) })).toMatchObject({ encryption: 'decrypted' });
  });

  test('is refused with keys that do not fit', async () => {
    await expect(inspectWith([key('all', WRONG, `${RIGHT}\n`)], { path: at(name) })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/cannot unlock any keyslot; pass the right passphrase with `keys`$/),
    });
  });

  test('is refused with a key that qemu does not accept', async () => {
    await expect(inspectWith([key('all', '\xff')], { path: at(name) })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(
        /not valid UTF-8; add a UTF-8 passphrase to the disk with cryptsetup luksAddKey, or .* with qemu-img amend$/,
      ),
    });
  });

  test('is refused with a key if the sandbox is off', async () => {
    await expect(inspectWith([key('all', RIGHT)], { path: at(name) }, { sandbox: 'off' })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/qemu gets a passphrase only in a sandbox/),
    });
  });

  test('is refused with its earlier key once its file has changed', async () => {
    const keys = [key('all', RIGHT)];
    const path = at(`again.${format}`);
    await createLuks(path, RIGHT, format as 'luks' | 'qcow2');
    expect(await inspectWith(keys, { path })).toMatchObject({ encryption: 'decrypted' });
    expect(await inspectWith(keys, { path })).toMatchObject({ encryption: 'decrypted' });
    await createLuks(path, WRONG, format as 'luks' | 'qcow2');
    await expect(inspectWith(keys, { path })).rejects.toMatchObject({ code: 'refused' });
  });
});

test('an error other than a wrong key is not reported as a wrong key', async () => {
  await writeFile(at('damaged.luks'), Buffer.concat([Buffer.from('LUKS\xba\xbe\0\x01', 'latin1'), Buffer.alloc(4096)]));
  await expect(inspectWith([key('all', RIGHT, WRONG)], { path: at('damaged.luks') })).rejects.toMatchObject({
    code: 'corrupt',
  });
});

test('an encrypted base is decrypted below an overlay', async () => {
  const names = ['-b', 'disk.luks', '-F', 'luks', at('top.qcow2'), String(SIZE)];
  await runTool('qemu-img', ['create', '-q', '-u', '-f', 'qcow2', ...names]);
  const image = await inspectWith([key('all', RIGHT)], { path: at('top.qcow2') });
  expect(formatsOf(identityOf(image))).toBe('qcow2<luks:decrypted');
});

describe('a volume in a raw disk', () => {
  const MIB = 2 ** 20;
  const VOLUME = 3 * MIB;
  const STARTS = [MIB, 5 * MIB];
  let path: string;

  /** Creates a volume of LUKS version 1. Returns its bytes, with the header. */
  async function volume(name: string, passphrase: string, ...options: readonly string[]): Promise<Buffer> {
    await writeFile(at(name), '');
    await truncate(at(name), VOLUME);
    await formatLuks(at(name), passphrase, 1, options);
    return readFile(at(name));
  }

  async function diskWith(name: string, ...volumes: readonly Buffer[]): Promise<string> {
    const entries = volumes.map((_, index) => [446 + 16 * index, partitionAt(STARTS[index]!)] as const);
    const pieces = volumes.map((content, index) => [STARTS[index]!, content] as const);
    const table = { ...Object.fromEntries([...entries, ...pieces]), 510: Buffer.of(0x55, 0xaa) };
    await writeFile(at(name), fileWith(9 * MIB, table));
    return at(name);
  }

  function partitionAt(start: number): Buffer {
    const entry = mbrEntry(0x83, start / 512);
    entry.writeUInt32LE(VOLUME / 512, 12);
    return entry;
  }

  function collected(notes: string[]): Partial<ReadOptions> {
    return { warn: (message) => void notes.push(message) };
  }

  beforeAll(async () => {
    path = await diskWith('parts.img', await volume('first', RIGHT), await volume('second', 'other words'));
  });

  test.each([
    ['all disks', ['all', 'all']],
    ['its partition', ['/dev/sda1', '/dev/sda2']],
  ])('is decrypted with keys for %s', async (_, [first, second]) => {
    const notes: string[] = [];
    const found = [key(first!, RIGHT), key(second!, 'other words')];
    const image = await inspectWith(found, { path }, collected(notes));
    expect(image).toMatchObject({
      format: 'raw',
      encryption: 'decrypted',
      volumes: STARTS.map((start, index) => ({ partition: index + 1, start, length: VOLUME, payload: 2 * MIB })),
    });
    expect(notes).toEqual([]);
    const [link] = identityOf(image).chain;
    expect(link!.parts.map(({ kind }) => kind)).toEqual(['file', 'object', 'object']);
  });

  test('is decrypted with a key for its UUID, and the other volume is reported as ciphertext', async () => {
    const { stdout } = await runTool('cryptsetup', ['luksUUID', at('second')]);
    const image = await inspectWith([key(stdout.trim(), 'other words')], { path });
    expect(image).toMatchObject({ encryption: 'decrypted', volumes: [{ partition: 2 }] });
    expect(image.ciphertext).toEqual([{ scheme: 'LUKS', partition: 1, selector: expect.any(String) }]);
    expect(encryptionOf(identityOf(image))).toBe('ciphertext');
  });

  test('remains ciphertext with keys for other volumes, with the stated format raw, and below an overlay', async () => {
    expect(await inspectWith([key('/dev/sda3', RIGHT)], { path })).toMatchObject({ encryption: 'ciphertext' });
    const keys = [key('all', RIGHT, 'other words')];
    expect(await inspectWith(keys, { path, format: 'raw' })).toMatchObject({ encryption: 'ciphertext' });
    const top = at('over.qcow2');
    await writeFile(top, qcow2File({ backing: 'parts.img', backingFormat: 'raw' }));
    const { encryption, backing } = await inspectWith(keys, { path: top });
    expect([encryption, backing?.encryption, backing?.volumes]).toEqual([undefined, 'ciphertext', undefined]);
  });

  test('is refused with a key that does not fit, and without a sandbox', async () => {
    await expect(inspectWith([key('/dev/sda1', WRONG)], { path })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/no key is available with the given passphrases; pass the right passphrase with/),
    });
    await expect(inspectWith([key('/dev/sda1', RIGHT)], { path }, { sandbox: 'off' })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/cryptsetup gets a passphrase only in a sandbox; omit `sandbox: 'off'`$/),
    });
  });

  test('is refused with a cipher that cannot be decrypted, and corrupt with a damaged key slot', async () => {
    const unusual = await volume('unusual', RIGHT, '--cipher', 'aes-cbc-essiv:sha256', '--key-size', '256');
    const message = /its partition 1 is encrypted with LUKS, and its cipher is "aes-cbc-essiv:sha256", .*format: 'raw'/;
    await expect(inspectWith([key('all', RIGHT)], { path: await diskWith('u.img', unusual) })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(message),
    });
    const damaged = await volume('damaged', RIGHT);
    damaged.fill(0xff, 208, 260);
    await expect(inspectWith([key('all', RIGHT)], { path: await diskWith('d.img', damaged) })).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(/cryptsetup: .*; check the disk with cryptsetup luksDump$/),
    });
  });

  test('can be the complete disk with LUKS version 2', async () => {
    const disk = at('whole.luks');
    await writeFile(disk, '');
    await truncate(disk, 17 * MIB);
    await formatLuks(disk, RIGHT, 2);
    const image = await inspectWith([key('/dev/sda', RIGHT)], { path: disk });
    expect(image).toMatchObject({ format: 'raw', encryption: 'decrypted', volumes: [{ partition: undefined }] });
    await expect(inspectWith([key('all', WRONG)], { path: disk })).rejects.toMatchObject({
      message: expect.stringMatching(/cryptsetup: no key is available/),
    });
    await expect(inspectWith([key('all', RIGHT)], { path: disk, format: 'luks' })).rejects.toMatchObject({
      message: expect.stringMatching(/LUKS version 2, and qemu decrypts only version 1; leave out the format/),
    });
  });

  test('is refused if it is the complete disk and the disk ends before its content begins', async () => {
    const disk = at('cut.luks');
    await writeFile(disk, '');
    await truncate(disk, 17 * MIB);
    await formatLuks(disk, RIGHT, 2);
    await truncate(disk, MIB);
    await expect(inspectWith([key('all', RIGHT)], { path: disk })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/: it is encrypted with LUKS, and its content begins at byte \d+, but it ends at/),
    });
  });

  test('is not looked for in a file that is too short', async () => {
    await writeFile(at('short.img'), Buffer.from('LUKS\xba\xbe\0\x01', 'latin1'));
    expect(await inspectWith([key('all', RIGHT)], { path: at('short.img') })).toMatchObject({ format: 'raw' });
  });
});
