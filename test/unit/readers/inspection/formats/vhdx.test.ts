import { describe, expect, test } from '@jest/globals';
import { crc32c } from '#readers/inspection/formats/crc32c.js';
import { vhdx } from '#readers/inspection/formats/vhdx.js';
import { readVhdxLayout } from '#readers/inspection/formats/vhdx-layout.js';
import { ascii, bytesOf, fileWith, le32, le64 } from '../headers.js';
import {
  BLOCK_MAP_REGION,
  FILE_PARAMETERS,
  LOGICAL_SECTOR_SIZE,
  METADATA_REGION,
  MIB,
  type Pieces,
  VHDX,
  VIRTUAL_DISK_SIZE,
  vhdxHeader,
  vhdxMetadata,
  vhdxRegions,
} from '../sound-headers.js';

const HEADERS = [65_536, 131_072] as const;
const REGION_TABLES = [196_608, 262_144] as const;
const METADATA = 524_288;
const UNKNOWN = 'ff'.repeat(16);
const REGIONS = [
  [METADATA_REGION, METADATA],
  [BLOCK_MAP_REGION, 393_216],
] as const;
const ITEMS = [
  [FILE_PARAMETERS, 65_536],
  [VIRTUAL_DISK_SIZE, 65_544],
  [LOGICAL_SECTOR_SIZE, 65_552],
] as const;

const read = (pieces: Pieces, size = MIB) => vhdx.readHeader(bytesOf(fileWith(size, { ...VHDX, ...pieces })));
const layout = (pieces: Pieces = {}) => readVhdxLayout(bytesOf(fileWith(MIB, { ...VHDX, ...pieces })));

/** Returns the metadata of a disk. Its block map, which is in `VHDX`, has room for 8,192 entries. */
function disk(blockBytes: number, virtualSize: number, sectorBytes: number): Pieces {
  return { 589824: Buffer.concat([le32(blockBytes, 0), le64(virtualSize), le32(sectorBytes)]) };
}

test('CRC-32C has its published value', () => {
  expect(crc32c(ascii('123456789'))).toBe(0xe306_9283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a91_36aa);
});

describe('a vhdx', () => {
  test('has its size, units and block map', async () => {
    expect(await read({})).toEqual({ virtualSize: MIB });
    expect(await layout()).toEqual({
      virtualSize: BigInt(MIB),
      blockBytes: MIB,
      sectorBytes: 512,
      blockMap: { position: 393_216n, length: 65_536 },
      // The block map, the metadata and the log.
      regions: [
        { position: 393_216n, length: 65_536 },
        { position: 524_288n, length: 65_536 },
        { position: 1_048_576n, length: MIB },
      ],
      hasLog: false,
    });
  });

  test('can have either region table damaged', async () => {
    const table = VHDX[REGION_TABLES[0]];
    expect(await read({ [REGION_TABLES[0]]: ascii('torn'), [REGION_TABLES[1]]: table })).toEqual({ virtualSize: MIB });
    const wrong = Buffer.from(table);
    wrong[500] = 1;
    expect(await read({ [REGION_TABLES[0]]: wrong, [REGION_TABLES[1]]: table })).toEqual({ virtualSize: MIB });
  });

  test('can be as large as its block map allows', async () => {
    expect(await read(disk(MIB, 8191 * MIB, 512))).toEqual({ virtualSize: 8191 * MIB });
    const blocks = 0x1f00 * 256 * MIB;
    expect(await read(disk(256 * MIB, blocks, 4096))).toEqual({ virtualSize: blocks });
  });

  test('can have parts that need not be understood', async () => {
    const pieces = { [REGION_TABLES[0]]: vhdxRegions(...REGIONS, [UNKNOWN, 0, 0]) };
    expect(await read(pieces)).toEqual({ virtualSize: MIB });
  });

  test.each<[string, boolean, Pieces]>([
    ['a log ID in its only header', true, { [HEADERS[0]]: vhdxHeader({ sequence: 1, logId: 'x' }) }],
    ['a log ID but no bytes of a log', false, { [HEADERS[0]]: vhdxHeader({ sequence: 1, logId: 'x', logBytes: 0 }) }],
    ['a log ID in its newer header', true, { [HEADERS[1]]: vhdxHeader({ sequence: 2, logId: 'x' }) }],
    ['a log ID in its older header', false, { [HEADERS[1]]: vhdxHeader({ sequence: 0, logId: 'x' }) }],
    ['a damaged second header', false, { [HEADERS[1]]: ascii('head') }],
    ['two equal headers', false, { [HEADERS[1]]: vhdxHeader({ sequence: 1 }) }],
  ])('with %s has a log: %s', async (_, hasLog, pieces) => {
    expect(await layout(pieces)).toMatchObject({ hasLog });
  });

  test.each<[string, Pieces, RegExp]>([
    ['has a parent', { 589828: le32(2) }, /differencing/],
    ['has a parent and is damaged', { 589828: le32(2), [HEADERS[0]]: ascii('torn') }, /differencing/],
    [
      'requires an unknown region',
      { [REGION_TABLES[0]]: vhdxRegions(...REGIONS, [UNKNOWN, 0]) },
      /requires a part that is unknown here, ffff/,
    ],
    [
      'requires an unknown item of metadata',
      { [METADATA]: vhdxMetadata(...ITEMS, [UNKNOWN, 65_536]) },
      /requires a part that is unknown here, ffff.*; convert it with Convert-VHD first/,
    ],
  ])('that %s is refused', async (_, pieces, message) => {
    await expect(read(pieces)).rejects.toMatchObject({ code: 'refused', message: expect.stringMatching(message) });
  });

  test.each<[string, Pieces, RegExp]>([
    ['has no header', { [HEADERS[0]]: ascii('torn') }, /neither of its vhdx headers is valid/],
    [
      'has a header of another version',
      { [HEADERS[0]]: vhdxHeader({ sequence: 1, version: 2 }) },
      /neither of its vhdx/,
    ],
    [
      'has different headers with the same sequence number',
      { [HEADERS[1]]: vhdxHeader({ sequence: 1, logId: 'x' }) },
      /differ and have the same sequence number/,
    ],
    ['has no region tables', { [REGION_TABLES[0]]: Buffer.alloc(4) }, /region tables has a signature/],
    ['has a wrong checksum', { 196700: ascii('x') }, /neither of its region tables has a valid checksum/],
    ['has too many regions', { 196616: le32(2048) }, /2048 entries; expected at most 2047/],
    ['has no block map', { [REGION_TABLES[0]]: vhdxRegions(REGIONS[0]) }, /it has no block map/],
    ['has two block maps', { [REGION_TABLES[0]]: vhdxRegions(...REGIONS, REGIONS[1]) }, /more than one block map/],
    [
      'has its metadata past the end',
      { [REGION_TABLES[0]]: vhdxRegions([METADATA_REGION, MIB], REGIONS[1]) },
      /metadata region ends at byte/,
    ],
    [
      'has its block map past the end',
      { [REGION_TABLES[0]]: vhdxRegions(REGIONS[0], [BLOCK_MAP_REGION, MIB]) },
      /block map ends at byte/,
    ],
    ['has no metadata', { [METADATA]: Buffer.alloc(8) }, /metadata table has no signature/],
    ['has no size', { [METADATA]: vhdxMetadata(ITEMS[0]) }, /it has no virtual disk size/],
    ['is empty', disk(MIB, 0, 512), /needs/],
    ['has blocks that are too small', disk(MIB / 2, MIB, 512), /blocks of 524288 bytes/],
    ['has blocks that are too large', disk(512 * MIB, MIB, 512), /blocks of 536870912 bytes/],
    ['has blocks of no power of two', disk(3 * MIB, MIB, 512), /blocks of 3145728 bytes/],
    ['has other sectors', disk(MIB, MIB, 1024), /sectors of 1024 bytes/],
    ['ends within a sector', disk(MIB, MIB + 512, 4096), /whole sectors of 4096 bytes/],
    ['is larger than its block map', disk(MIB, 8192 * MIB, 512), /room for 8192 entries/],
  ])('that %s is corrupt', async (_, pieces, message) => {
    await expect(read(pieces)).rejects.toMatchObject({ code: 'corrupt', message: expect.stringMatching(message) });
  });

  test('that is truncated is corrupt', async () => {
    await expect(read({}, 200_000)).rejects.toMatchObject({ code: 'corrupt' });
  });
});
