import { describe, expect, test } from '@jest/globals';
import { requireGrainTables } from '#readers/inspection/formats/vmdk-grain-tables.js';
import { readSparseHeader } from '#readers/inspection/formats/vmdk-sparse.js';
import { seSparseExtent } from '../../../../fixtures/esxi-disk.js';
import { bytesOf, le64 } from '../headers.js';

const GIB = 2 ** 30;
const SECTOR = 512;
/** Positions of the volatile header and the grain directory in the fixture. */
const VOLATILE = SECTOR;
const DIRECTORY = 8 * SECTOR;

/** An extent of 1 GiB with a grain at its start and one at its end. */
function extent(changes: Readonly<Record<number, Buffer>> = {}): Buffer {
  const grain = Buffer.alloc(4096, 7);
  const file = seSparseExtent(GIB, [
    { at: 0, content: grain },
    { at: GIB - 4096, content: grain },
  ]);
  for (const [position, bytes] of Object.entries(changes)) {
    bytes.copy(file, Number(position));
  }
  return file;
}

async function check(file: Buffer): Promise<void> {
  await requireGrainTables(bytesOf(file), await readSparseHeader(bytesOf(file)));
}

describe('a seSparse extent', () => {
  test('has its capacity, and tables within the file', async () => {
    expect(await readSparseHeader(bytesOf(extent()))).toMatchObject({ capacity: BigInt(GIB / SECTOR) });
    await expect(check(extent())).resolves.toBeUndefined();
  });

  test.each<[string, number]>([
    ['version', 8],
    ['grain size', 24],
    ['grain table size', 32],
    ['flags', 40],
    ['reserved bytes', 72],
    ['bytes after its fields', 504],
  ])('with an unexpected value is refused: %s', async (_, field) => {
    await expect(check(extent({ [field]: le64(16) }))).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/has an unknown form; clone the disk with vmkfstools -i/),
    });
  });

  test('with a journal to replay is refused', async () => {
    await expect(check(extent({ [VOLATILE + 24]: le64(1) }))).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/its journal may have changes .* clone the disk with vmkfstools -i/),
    });
  });

  test.each<[string, Readonly<Record<number, Buffer>>, RegExp]>([
    ['is empty', { 16: le64(0) }, /declares an extent of 0 sectors/],
    ['has no volatile header', { [VOLATILE]: le64(0) }, /its seSparse volatile header has no signature/],
    ['has its volatile header past the end', { 80: le64(2n ** 63n) }, /volatile header ends at byte/],
    ['has its directory past the end', { 128: le64(2n ** 63n) }, /grain directory ends at byte/],
    ['has a directory that is too long', { 136: le64(65_537) }, /expected at most 33554432/],
    ['has a directory for a smaller disk', { 16: le64(64 * 32_768 + 1) }, /grain directory has 64 entries/],
    ['has tables past the end', { 144: le64(2n ** 31n) }, /grain table ends at byte/],
    [
      'has tables beyond all positions that qemu supports',
      { 144: le64(2n ** 32n) },
      /invalid entry, 0x1000000000000001/,
    ],
    ['has a table in its first sector', { 144: le64(0) }, /invalid entry, 0x1000000000000000/],
    ['has an entry of an unknown kind', { [DIRECTORY + 8]: le64(1n << 61n) }, /invalid entry, 0x2000000000000000/],
    ['has an entry without a kind', { [DIRECTORY + 8]: le64(1) }, /invalid entry, 0x1/],
  ])('that %s is corrupt', async (_, changes, message) => {
    await expect(check(extent(changes))).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(message),
    });
  });

  test('with one table for two entries is refused', async () => {
    await expect(check(extent({ [DIRECTORY]: le64(1n << 60n) }))).rejects.toMatchObject({ code: 'unavailable' });
  });
});
