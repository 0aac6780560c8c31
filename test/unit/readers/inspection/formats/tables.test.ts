import { describe, expect, test } from '@jest/globals';
import { qcow } from '#readers/inspection/formats/qcow.js';
import { qcow2 } from '#readers/inspection/formats/qcow2.js';
import { ascii, be32, be64, bytesOf, fileWith, type Qcow2Fields, qcow2File } from '../headers.js';

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
  test('may end with the file, whatever flags stand beside their positions', async () => {
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
  ])('are corrupt where %s lies past the end of the file', async (_, pieces, message) => {
    await expect(requireQcow2Tables({}, pieces)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(message),
    });
  });

  test('are corrupt where they are too long to be read into memory, however long the file', async () => {
    const header = qcow2File();
    be32(0xffffffff).copy(header, 56);
    const bytes = bytesOf(header);
    await expect(qcow2.requireTables!({ ...bytes, size: Number.MAX_SAFE_INTEGER })).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('expected at most 33554432'),
    });
  });
});

describe('the tables of qcow', () => {
  const pieces = { 0: ascii('QFI\xfb\0\0\0\x01'), 24: be64(1 << 20), 32: Buffer.from([12, 9]), 40: be64(48) };

  test('may end with the file', async () => {
    await expect(qcow.requireTables!(bytesOf(fileWith(8192, { ...pieces, 48: be64(4096) })))).resolves.toBeUndefined();
  });

  test('are corrupt where an L2 table lies past its end', async () => {
    await expect(qcow.requireTables!(bytesOf(fileWith(8192, { ...pieces, 48: be64(4608) })))).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('its L2 table ends at byte 8704'),
    });
  });
});
