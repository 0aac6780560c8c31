import { describe, expect, test } from '@jest/globals';
import { qcow } from '#readers/inspection/formats/qcow.js';
import { qcow2 } from '#readers/inspection/formats/qcow2.js';
import { ascii, be32, be64, bytesOf, fileWith, type Qcow2Fields, qcow2Extension, qcow2File } from '../headers.js';

const CLUSTER = 65_536;
const L1 = 0x30000;
const REFCOUNTS = 0x10000;

function requireQcow2Tables(fields: Qcow2Fields, pieces: Readonly<Record<number, Buffer>>): Promise<void> {
  const file = qcow2File(fields);
  for (const [position, piece] of Object.entries(pieces)) {
    piece.copy(file, Number(position));
  }
  return qcow2.requireTables!(bytesOf(file));
}

describe('the tables of qcow2', () => {
  test('can end with the file, regardless of flags next to their positions', async () => {
    const lastCluster = be64((1n << 63n) | BigInt(3 * CLUSTER));
    await expect(requireQcow2Tables({}, { [L1]: lastCluster, [REFCOUNTS]: be64(CLUSTER) })).resolves.toBeUndefined();
  });

  test.each<[string, Readonly<Record<number, Buffer>>, RegExp]>([
    [
      'an L2 table',
      { [L1]: be64(3 * CLUSTER + 512) },
      /its L2 table ends at byte 262656, but the file has only 262144/,
    ],
    ['a refcount block', { [REFCOUNTS + 8]: be64(4 * CLUSTER) }, /its refcount block ends at byte 327680/],
    ['the refcount table', { 56: be32(4) }, /its refcount table ends at byte 327680/],
  ])('are corrupt if %s is past the end of the file', async (_, pieces, message) => {
    await expect(requireQcow2Tables({}, pieces)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(message),
    });
  });

  test('are refused if two entries refer to the same table', async () => {
    const two = Buffer.concat([be64(3 * CLUSTER), be64(3 * CLUSTER)]);
    await expect(requireQcow2Tables({ l1Entries: 2 }, { [L1]: two })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^expected each entry of its L1 table .* to byte 196608, .*convert -O raw first$/),
    });
  });

  describe('of snapshots', () => {
    const at = 0x20000;
    const one = { snapshots: 1, snapshotOffset: BigInt(at) };

    function snapshot(nameBytes: number, extraBytes = 16): Buffer {
      return fileWith(40, { 12: be32((1 << 16) + nameBytes), 36: be32(extraBytes) });
    }

    test('can be those of several snapshots, with names and extra data of different lengths', async () => {
      const pieces = { [at]: snapshot(4), [at + 64]: snapshot(3, 1024) };
      await expect(requireQcow2Tables({ ...one, snapshots: 2 }, pieces)).resolves.toBeUndefined();
    });

    test.each<[string, Qcow2Fields, Readonly<Record<number, Buffer>>, RegExp]>([
      ['a snapshot has too many extra bytes', one, { [at]: snapshot(4, 1025) }, /snapshot 0 has 1025 extra bytes/],
      [
        'a snapshot is past the end',
        { snapshots: 2, snapshotOffset: 0x30000n, fileSize: 0x30000 + 80, l1Offset: 0x20000n },
        { 196608: snapshot(400) },
        /snapshot table ends at/,
      ],
    ])('are corrupt if %s', async (_, fields, pieces, message) => {
      await expect(requireQcow2Tables(fields, pieces)).rejects.toMatchObject({
        code: 'corrupt',
        message: expect.stringMatching(message),
      });
    });

    test('are corrupt if they are too long', async () => {
      const header = qcow2File({ snapshots: 65_536, snapshotOffset: BigInt(at) });
      // At every eighth byte, a snapshot can start whose name and extra data have 1,023 bytes each.
      const longest = Buffer.alloc(2 * 1024 * 1024, be64(1023));
      const read = async (position: number, length: number) =>
        position < at ? header.subarray(position, position + length) : longest.subarray(0, length);
      await expect(qcow2.requireTables!({ name: 'image', size: 2 ** 40, read })).rejects.toMatchObject({
        code: 'corrupt',
        message: 'its snapshot table has more than 67108864 bytes; restore it from a good copy',
      });
    });
  });

  describe('of bitmaps', () => {
    const at = 0x20000;

    interface BitmapFields {
      readonly position?: number;
      readonly clusters?: number;
      readonly flags?: number;
      readonly type?: number;
      readonly granularity?: number;
      readonly name?: string;
      readonly extraBytes?: number;
    }

    function bitmap(fields: BitmapFields = {}): Buffer {
      const {
        position = CLUSTER,
        clusters = 1,
        flags = 2,
        type = 1,
        granularity = 16,
        name = 'daily',
        extraBytes = 0,
      } = fields;
      return Buffer.concat([
        be64(position),
        be32(clusters, flags),
        Buffer.from([type, granularity, name.length >> 8, name.length & 0xff]),
        be32(extraBytes),
        ascii(name),
        Buffer.alloc((8 - (name.length % 8)) % 8),
      ]);
    }

    interface DirectoryFields extends Qcow2Fields {
      readonly count?: number;
      readonly length?: number;
    }

    function check(directory: Buffer, directoryFields: DirectoryFields = {}): Promise<void> {
      const { count = 1, length = directory.length, ...fields } = directoryFields;
      const extensions = qcow2Extension(0x23852875, Buffer.concat([be32(count, 0), be64(length, at)]));
      return requireQcow2Tables({ autoclear: 1n, extensions, ...fields }, { [at]: directory });
    }

    test('can be those of several bitmaps, of which some are in use', async () => {
      const directory = Buffer.concat([bitmap(), bitmap({ name: 'nightly-2', flags: 1, granularity: 9 })]);
      await expect(check(directory, { count: 2 })).resolves.toBeUndefined();
    });

    test.each<[string, BitmapFields]>([
      ['no table', { position: 0 }],
      ['a table inside a cluster', { position: 512 }],
      ['an empty table', { clusters: 0 }],
      ['a table that is too large', { clusters: 8193 }],
      ['a granularity that is too fine', { granularity: 8 }],
      ['a granularity that is too coarse', { granularity: 32 }],
      ['unknown flags', { flags: 4 }],
      ['another type', { type: 2 }],
      ['no name', { name: '' }],
      ['a name that is too long', { name: 'x'.repeat(1024) }],
      ['extra bytes', { extraBytes: 8 }],
    ])('are corrupt if a bitmap has %s', async (_, fields) => {
      await expect(check(bitmap(fields))).rejects.toMatchObject({
        code: 'corrupt',
        message: expect.stringContaining('a bitmap that qemu does not accept; restore it from a good copy'),
      });
    });

    test('are corrupt if the disk has 0 bytes, or a bitmap is too small for the disk', async () => {
      await expect(check(bitmap(), { virtualSize: 0n })).rejects.toMatchObject({ code: 'corrupt' });
      const larger = { virtualSize: 1n << 29n, clusterBits: 16 };
      await expect(check(bitmap({ granularity: 9 }), larger)).rejects.toMatchObject({ code: 'corrupt' });
      await expect(check(bitmap({ granularity: 9, flags: 3 }), larger)).resolves.toBeUndefined();
    });

    test.each([
      ['is truncated', bitmap(), { length: 31 }, /truncated/],
      ['ends within an entry', bitmap(), { length: 40 }, /truncated/],
      ['has fewer bitmaps than its header states', bitmap(), { count: 2 }, /has 1 bitmaps; its header says 2/],
      ['is past the end', bitmap(), { length: 0x20001 }, /bitmap directory ends at byte 262145/],
    ])('are corrupt if their directory %s', async (_, directory, more, message) => {
      await expect(check(directory, more)).rejects.toMatchObject({
        code: 'corrupt',
        message: expect.stringMatching(message),
      });
    });
  });
});

describe('the tables of qcow', () => {
  const pieces = { 0: ascii('QFI\xfb\0\0\0\x01'), 24: be64(1 << 20), 32: Buffer.from([12, 9]), 40: be64(48) };

  test('can end with the file', async () => {
    await expect(qcow.requireTables!(bytesOf(fileWith(8192, { ...pieces, 48: be64(4096) })))).resolves.toBeUndefined();
  });

  test('are corrupt if an L2 table is past the end of the file', async () => {
    await expect(qcow.requireTables!(bytesOf(fileWith(8192, { ...pieces, 48: be64(4608) })))).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('its L2 table ends at byte 8704'),
    });
  });

  test('are corrupt if they are too long for memory, even in a large file', async () => {
    const bytes = bytesOf(fileWith(8192, { ...pieces, 24: be64(1n << 45n) }));
    await expect(qcow.requireTables!({ ...bytes, size: Number.MAX_SAFE_INTEGER })).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('expected at most 33554432'),
    });
  });
});
