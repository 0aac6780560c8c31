import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { qcow2 } from '#readers/inspection/formats/qcow2.js';
import { HeaderError } from '#readers/inspection/header-error.js';
import { ascii, bytesOf, type Qcow2Fields, qcow2Extension, qcow2File } from '../headers.js';

function read(fields: Qcow2Fields) {
  return qcow2.readHeader(bytesOf(qcow2File(fields)));
}

describe('a sound qcow2 header', () => {
  test.each([2, 3])('of version %d tells the virtual size', async (version) => {
    expect(await read({ version, virtualSize: 1_000_448n })).toEqual({ virtualSize: 1_000_448 });
  });

  test('tells only whole sectors, as qemu does', async () => {
    expect(await read({ virtualSize: 1_000_449n })).toEqual({ virtualSize: 1_000_448 });
  });

  test.each([2, 3])('of version %d tells its backing file and its format', async (version) => {
    const header = await read({ version, backing: '../größe.img', backingFormat: 'raw' });
    expect(header.backing).toEqual({ name: '../größe.img', format: 'raw' });
  });

  test('tells a backing file without format', async () => {
    expect((await read({ backing: 'base.img' })).backing).toEqual({ name: 'base.img' });
    expect((await read({ backing: 'base.img', backingFormat: '' })).backing).toEqual({ name: 'base.img' });
  });

  test('may hold extensions that concern only others', async () => {
    const extensions = Buffer.concat([qcow2Extension(0x6803f857, ascii('names')), qcow2Extension(0, ascii(''))]);
    expect(await read({ extensions })).toEqual({ virtualSize: 1 << 20 });
  });

  test('may be longer than is known', async () => {
    expect(await read({ headerBytes: 112, backing: 'b', backingFormat: 'raw' })).toMatchObject({
      backing: { name: 'b', format: 'raw' },
    });
  });

  test('may be marked as dirty, and have subclusters and zstd', async () => {
    expect(await read({ incompatible: 0b11001n })).toEqual({ virtualSize: 1 << 20 });
  });

  test('may name a backing file in bytes that are not UTF-8', async () => {
    expect(await read({ backing: Buffer.from([0x61, 0xff]) })).toMatchObject({ backing: { name: 'a\udcff' } });
  });

  test('may name a backing file of no length, which is none', async () => {
    expect(await read({ backingOffset: 4096n, backingLength: 0 })).toEqual({ virtualSize: 1 << 20 });
  });
});

describe('a qcow2 header is refused', () => {
  test.each<[string, Qcow2Fields, RegExp]>([
    ['of another version', { version: 4 }, /version 4/],
    ['that is encrypted', { encryption: 1 }, /encrypted; decrypt it with qemu-img convert first$/],
    ['with an external data file, by its flag', { incompatible: 4n }, /external data file/],
    [
      'with an external data file, by its name',
      { extensions: qcow2Extension(0x44415441, ascii('json:{}')) },
      /external data file/,
    ],
    ['with features that are not known', { incompatible: 1n << 5n }, /incompatible bits 0x20/],
    [
      'with a disk beyond counting',
      { virtualSize: 1n << 56n, l1Entries: 4 * 1024 * 1024, clusterBits: 21, fileSize: 40_000_000 },
      /72057594037927936 bytes/,
    ],
  ])('%s', async (_, fields, message) => {
    await expect(read(fields)).rejects.toMatchObject({ code: 'refused', message: expect.stringMatching(message) });
  });
});

describe('a qcow2 header is corrupt', () => {
  test.each<[string, Qcow2Fields, RegExp]>([
    ['that is cut short', { fileSize: 60 }, /header ends at byte 72, but the file has only 60/],
    ['that is cut short after its first part', { fileSize: 80 }, /header ends at byte 104/],
    ['with clusters too small', { clusterBits: 8 }, /2\^8/],
    ['with clusters too large', { clusterBits: 22 }, /2\^22/],
    ['that is marked so', { incompatible: 2n }, /qemu-img check/],
    ['of an impossible length', { headerBytes: 100 }, /100 bytes/],
    ['longer than its first cluster', { headerBytes: 1024, clusterBits: 9, l1Entries: 32 }, /104 to 512/],
    ['of a crooked length', { headerBytes: 108 }, /108 bytes/],
    ['with too small an L1 table', { virtualSize: 1n << 63n }, /needs 17179869184/],
    ['with too large an L1 table', { l1Entries: 0xffffffff }, /4294967295 entries/],
    ['with its L1 table past the end', { l1Offset: 262_140n }, /L1 table ends at byte 262148/],
    ['with its refcount table past the end', { refcountOffset: 262_144n }, /refcount table/],
    ['with an extension that is too long', { extensions: qcow2Extension(1, ascii('x')).fill(0xff, 4, 8) }, /extension/],
    ['with too long a name', { backing: 'x', backingLength: 1024 }, /1024/],
    ['with its name past the first cluster', { backing: 'x', backingOffset: 65_536n }, /outside its first cluster/],
    ['with a NUL in its name', { backing: 'a\0b' }, /NUL/],
  ])('%s', async (_, fields, message) => {
    await expect(read(fields)).rejects.toMatchObject({ code: 'corrupt', message: expect.stringMatching(message) });
  });

  test('that ends within the name of the backing file', async () => {
    const file = qcow2File({ clusterBits: 13, l1Offset: 8n, refcountOffset: 8n, backing: 'base', fileSize: 4098 });
    await expect(qcow2.readHeader(bytesOf(file))).rejects.toMatchObject({ code: 'corrupt' });
  });
});

test('a version 1 header is not taken for qcow2', () => {
  const tail = Buffer.alloc(0);
  expect(qcow2.recognize({ head: qcow2File({ version: 1 }), tail })).toBeUndefined();
  expect(qcow2.recognize({ head: ascii('QFI\xfb'), tail })).toBe('head');
});

test('whatever stands in a qcow2 header, it is read or refused, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 8, max: 200 }), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
      async (changes) => {
        const file = qcow2File({ backing: 'base.img', backingFormat: 'raw' });
        for (const [position, byte] of changes) {
          file[position] = byte;
        }
        const outcome = await qcow2.readHeader(bytesOf(file)).catch((error: unknown) => error);
        expect(outcome instanceof Error).toBe(outcome instanceof HeaderError);
      },
    ),
  );
});
