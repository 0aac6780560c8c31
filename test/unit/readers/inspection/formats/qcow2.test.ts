import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { qcow2 } from '#readers/inspection/formats/qcow2.js';
import { HeaderError } from '#readers/inspection/header-error.js';
import { ascii, be32, be64, bytesOf, type Qcow2Fields, qcow2Extension, qcow2File } from '../headers.js';
import { encryptedQcow2, LUKS_UUID } from '../sound-headers.js';

function read(fields: Qcow2Fields) {
  return qcow2.readHeader(bytesOf(qcow2File(fields)));
}

/** Returns the bitmaps extension and the feature bit that marks it as up to date. */
function bitmaps(count: number, reserved: number, length: number | bigint, position = 0): Qcow2Fields {
  const data = Buffer.concat([be32(count, reserved), be64(length, position)]);
  return { autoclear: 1n, extensions: qcow2Extension(0x23852875, data) };
}

describe('a valid qcow2 header', () => {
  test.each([2, 3])('of version %d has the virtual size', async (version) => {
    expect(await read({ version, virtualSize: 1_000_448n })).toEqual({ virtualSize: 1_000_448 });
  });

  test('has a virtual size of complete sectors, as in qemu', async () => {
    expect(await read({ virtualSize: 1_000_449n })).toEqual({ virtualSize: 1_000_448 });
  });

  test.each([2, 3])('of version %d has its backing file and format', async (version) => {
    const header = await read({ version, backing: '../größe.img', backingFormat: 'raw' });
    expect(header.backing).toEqual({ name: '../größe.img', format: 'raw' });
  });

  test('can have a backing file without a format', async () => {
    expect((await read({ backing: 'base.img' })).backing).toEqual({ name: 'base.img' });
    expect((await read({ backing: 'base.img', backingFormat: '' })).backing).toEqual({ name: 'base.img' });
  });

  test('can have extensions that do not affect reading', async () => {
    const extensions = Buffer.concat([qcow2Extension(0x6803f857, ascii('names')), qcow2Extension(0, ascii(''))]);
    expect(await read({ extensions })).toEqual({ virtualSize: 1 << 20 });
  });

  test('can describe bitmaps, up to date or not', async () => {
    expect(await read(bitmaps(1, 0, 64))).toEqual({ virtualSize: 1 << 20 });
    expect(await read({ ...bitmaps(0, 0, 0), autoclear: 0n })).toEqual({ virtualSize: 1 << 20 });
  });

  test('can have snapshots, or no snapshots and any offset of their table', async () => {
    expect(await read({ snapshots: 2, snapshotOffset: 0x20000n })).toEqual({ virtualSize: 1 << 20 });
    expect(await read({ snapshotOffset: 1n << 40n })).toEqual({ virtualSize: 1 << 20 });
  });

  test('can be of a disk of 0 bytes without tables', async () => {
    expect(await read({ virtualSize: 0n, l1Entries: 0, l1Offset: 1n << 40n })).toEqual({ virtualSize: 0 });
  });

  test('can be longer than its known fields', async () => {
    expect(await read({ headerBytes: 112, backing: 'b', backingFormat: 'raw' })).toMatchObject({
      backing: { name: 'b', format: 'raw' },
    });
  });

  test('can be marked as dirty, and have subclusters and zstd', async () => {
    expect(await read({ incompatible: 0b11001n, headerBytes: 112, compressionType: 1 })).toEqual({
      virtualSize: 1 << 20,
    });
  });

  test('can name a backing file in bytes that are not UTF-8', async () => {
    expect(await read({ backing: Buffer.from([0x61, 0xff]) })).toMatchObject({ backing: { name: 'a\udcff' } });
  });

  test('contains the UUID of its encryption', async () => {
    const header = await qcow2.readHeader(bytesOf(encryptedQcow2()));
    expect(header).toEqual({ virtualSize: 1 << 20, encryption: { uuid: LUKS_UUID } });
  });

  test('can have a backing file name of length 0, which means none', async () => {
    expect(await read({ backingOffset: 4096n, backingLength: 0 })).toEqual({ virtualSize: 1 << 20 });
  });
});

describe('an unsupported qcow2 header', () => {
  test.each<[string, Qcow2Fields, RegExp]>([
    ['of another version', { version: 4 }, /version 4/],
    ['that is encrypted with AES', { encryption: 1 }, /AES-CBC, which is not secure; decrypt it with qemu-img convert/],
    [
      'that is encrypted in another way',
      { encryption: 3 },
      /unknown method 3; decrypt it with the program that made it first$/,
    ],
    ['with an external data file, by its flag', { incompatible: 4n }, /external data file/],
    [
      'with an external data file, by its name',
      { extensions: qcow2Extension(0x44415441, ascii('json:{}')) },
      /external data file/,
    ],
    ['with an unknown compression', { headerBytes: 112, compressionType: 2 }, /compression type 2/],
    ['with unknown features', { incompatible: 1n << 5n }, /incompatible bits 0x20/],
    [
      'with a disk size beyond the safe integers',
      {
        ...{ virtualSize: 1n << 56n, l1Entries: 4 * 1024 * 1024, clusterBits: 21, fileSize: 40_000_000 },
        ...{ l1Offset: 1n << 22n, refcountOffset: 1n << 21n },
      },
      /72057594037927936 bytes/,
    ],
  ])('%s is refused', async (_, fields, message) => {
    await expect(read(fields)).rejects.toMatchObject({ code: 'refused', message: expect.stringMatching(message) });
  });
});

describe('a damaged qcow2 header', () => {
  test.each<[string, Qcow2Fields, RegExp]>([
    ['that is truncated', { fileSize: 60 }, /header ends at byte 72, but the file has only 60/],
    ['that is truncated after its first part', { fileSize: 80 }, /header ends at byte 104/],
    ['with clusters too small', { clusterBits: 8 }, /2\^8/],
    ['with clusters too large', { clusterBits: 22 }, /2\^22/],
    ['that is marked as corrupt', { incompatible: 2n }, /qemu-img check/],
    ['of an impossible length', { headerBytes: 100 }, /100 bytes/],
    ['longer than its first cluster', { headerBytes: 1024, clusterBits: 9, l1Entries: 32 }, /104 to 512/],
    ['of an unaligned length', { headerBytes: 108 }, /108 bytes/],
    ['with an L1 table that is too small', { virtualSize: 1n << 63n }, /needs 17179869184/],
    ['with an L1 table that is too large', { l1Entries: 0xffffffff }, /4294967295 entries/],
    ['with its L1 table past the end', { l1Offset: 262_144n }, /L1 table ends at byte 262152/],
    [
      'with its L1 table inside a cluster',
      { l1Offset: 0x30200n },
      /L1 table begins at byte 197120; expected .* cluster of 65536/,
    ],
    ['with its refcount table past the end', { refcountOffset: 262_144n }, /refcount table/],
    ['with an extension that is too long', { extensions: qcow2Extension(1, ascii('x')).fill(0xff, 4, 8) }, /extension/],
    [
      'with an end of extensions that is too long',
      { extensions: qcow2Extension(0, ascii('')).fill(0xff, 4) },
      /extension/,
    ],
    ['with a truncated extension', { backing: 'x', backingOffset: 108n }, /extension/],
    ['without a refcount table', { refcountClusters: 0 }, /no refcount table/],
    ['with its refcount table inside a cluster', { refcountOffset: 0x10200n }, /refcount table begins at byte 66048/],
    [
      'with a refcount table that is too large',
      { refcountClusters: 129 },
      /refcount table has 1056768 entries; .* 1048576/,
    ],
    ['with refcounts too large', { refcountOrder: 7 }, /refcounts of 2\^7 bits/],
    ['with too many snapshots', { snapshots: 65_537 }, /snapshot table has 65537 entries; expected at most 65536/],
    [
      'with its snapshot table inside a cluster',
      { snapshots: 1, snapshotOffset: 8n },
      /snapshot table begins at byte 8/,
    ],
    [
      'with its snapshot table beyond the safe integers',
      { snapshotOffset: 1n << 63n },
      /snapshot table begins at byte 9223/,
    ],
    ['with its snapshot table past the end', { snapshots: 1, snapshotOffset: 262_144n }, /snapshot table ends at/],
    ['with subclusters too small', { incompatible: 16n, clusterBits: 13 }, /subclusters in clusters of 8192/],
    ['with a compression type without its feature bit', { headerBytes: 112, compressionType: 1 }, /compression type 1/],
    ['with the feature bit of a compression type, but without the type', { incompatible: 8n }, /compression type 0/],
    [
      'with the flag of a raw external data file, but without the file',
      { autoclear: 2n },
      /declares a raw external data file/,
    ],
    [
      'with an encryption header, but without encryption',
      { extensions: qcow2Extension(0x0537be77, ascii('')) },
      /has an extension for encryption, but it is not encrypted/,
    ],
    ['with encryption, but without its header', { encryption: 2 }, /encrypted, but its header has no extension/],
    [
      'with an encryption header of another length',
      { encryption: 2, extensions: qcow2Extension(0x0537be77, be64(65_536)) },
      /extension for encryption has 8 bytes; expected 16/,
    ],
    [
      'with an encryption header within a cluster',
      { encryption: 2, extensions: qcow2Extension(0x0537be77, be64(65_535, 592)) },
      /LUKS header is at byte 65535; expected the beginning of a cluster/,
    ],
    [
      'with its encryption header past the end',
      { encryption: 2, extensions: qcow2Extension(0x0537be77, be64(262_144, 592)) },
      /LUKS header ends at/,
    ],
    ['with a backing format that is too long', { backingFormat: 'x'.repeat(16) }, /backing format has 16 bytes/],
    [
      'with bitmaps of an impossible length',
      { extensions: qcow2Extension(0x23852875, be32(1)) },
      /4 bytes; expected 24/,
    ],
    ['with a bitmaps extension without bitmaps', bitmaps(0, 0, 64), /0 bitmaps/],
    ['with too many bitmaps', bitmaps(65_536, 0, 64), /65536 bitmaps/],
    ['with reserved bits in the bitmaps extension', bitmaps(1, 1, 64), /1 bitmaps; expected .* zeros/],
    ['with an empty bitmap directory', bitmaps(1, 0, 0), /directory has 0 bytes/],
    ['with a bitmap directory that is too long', bitmaps(1, 0, 1n << 40n), /directory has 1099511627776 bytes/],
    ['with its bitmap directory inside a cluster', bitmaps(1, 0, 64, 8), /directory has 64 bytes at byte 8;/],
    [
      'with its name beyond the first cluster',
      { backingOffset: 65_537n },
      /begins at byte 65537, beyond its first cluster of 65536 bytes/,
    ],
    ['with a name that is too long', { backing: 'x', backingLength: 1024 }, /1024/],
    ['with a NUL in its name', { backing: 'a\0b' }, /NUL/],
  ])('%s is corrupt', async (_, fields, message) => {
    await expect(read(fields)).rejects.toMatchObject({ code: 'corrupt', message: expect.stringMatching(message) });
  });

  test('that ends within the name of the backing file is corrupt', async () => {
    const file = qcow2File({ clusterBits: 13, l1Offset: 0n, refcountOffset: 0n, backing: 'base', fileSize: 4098 });
    await expect(qcow2.readHeader(bytesOf(file))).rejects.toMatchObject({ code: 'corrupt' });
  });
});

test('a version 1 header is not recognised as qcow2', () => {
  const tail = Buffer.alloc(0);
  expect(qcow2.recognize({ head: qcow2File({ version: 1 }), tail })).toBeUndefined();
  expect(qcow2.recognize({ head: ascii('QFI\xfb'), tail })).toBe('head');
});

test('a qcow2 header with changed bytes is read or refused with a HeaderError', async () => {
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
