import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encryptedVolumes } from '#readers/inspection/encrypted-volumes.js';
import { ascii, bytesOf, fileWith, le32, le64, mbrEntry } from './headers.js';
import { LUKS, LUKS_UUID, MIB, type Pieces } from './sound-headers.js';

const BOOT = { 510: ascii('\x55\xaa') };
const SECTOR = 512;

/** Returns the pieces, moved to a higher position by the given number of bytes. */
function at(position: number, pieces: Pieces): Pieces {
  return Object.fromEntries(Object.entries(pieces).map(([offset, piece]) => [position + Number(offset), piece]));
}

function volumesIn(...pieces: readonly Pieces[]) {
  const disk = Buffer.alloc(MIB);
  for (const each of pieces) {
    for (const [position, piece] of Object.entries(each)) {
      piece.copy(disk, Number(position));
    }
  }
  return encryptedVolumes(bytesOf(disk));
}

const VOLUMES: readonly (readonly [string, Pieces])[] = [
  ['LUKS', LUKS],
  ['BitLocker', { 3: ascii('-FVE-FS-') }],
  ['FileVault (CoreStorage)', { 88: ascii('CS'), 172: le32(2) }],
  ['FileVault (APFS)', { 32: ascii('NXSB'), 1264: le32(4) }],
];

/** Returns a GUID partition table for the given sector size, with a partition of four sectors at each of `sectors`. */
function gpt(sectorBytes: number, ...sectors: readonly (number | bigint)[]): Pieces {
  const entries = sectors.map((sector, index) => [index * 128 + 32, le64(sector, BigInt(sector) + 3n)] as const);
  return {
    446: mbrEntry(0xee, 1),
    ...BOOT,
    [sectorBytes]: ascii('EFI PART'),
    [sectorBytes + 72]: le64(2),
    [sectorBytes + 80]: le32(sectors.length, 128),
    ...at(2 * sectorBytes, Object.fromEntries(entries)),
  };
}

describe.each(VOLUMES)('%s', (encryption, volume) => {
  test('is found on an unpartitioned disk', async () => {
    expect(await volumesIn(volume)).toMatchObject([{ partition: undefined, encryption }]);
  });

  test('is found in partitions of an MBR', async () => {
    const table = { 446: mbrEntry(0x83, 64), 478: mbrEntry(0x07, 128), ...BOOT };
    expect(await volumesIn(table, at(64 * SECTOR, volume))).toMatchObject([{ partition: 1, encryption }]);
    expect(await volumesIn(table, at(128 * SECTOR, volume))).toMatchObject([{ partition: 3, encryption }]);
  });

  test('is found in logical partitions', async () => {
    const disk = volumesIn(
      { 446: mbrEntry(0x83, 8), 462: mbrEntry(0x05, 64), ...BOOT },
      at(64 * SECTOR, { 446: mbrEntry(0x83, 8), 462: mbrEntry(0x05, 100), ...BOOT }),
      at(164 * SECTOR, { 446: mbrEntry(0x83, 16), ...BOOT }),
      at(180 * SECTOR, volume),
    );
    expect(await disk).toMatchObject([{ partition: 6, encryption }]);
  });

  test.each([512, 4096])('is found in partitions of a GPT with sectors of %i bytes', async (sectorBytes) => {
    const position = 40 * sectorBytes;
    expect(await volumesIn(gpt(sectorBytes, 30, 0, 40), at(position, volume))).toMatchObject([
      { partition: 3, encryption, start: position, length: 4 * sectorBytes },
    ]);
  });
});

test('a LUKS volume has its place and UUID', async () => {
  const uuid = LUKS_UUID;
  expect(await volumesIn(LUKS)).toEqual([{ partition: undefined, encryption: 'LUKS', start: 0, length: MIB, uuid }]);
  const [start, length] = [64 * SECTOR, SECTOR];
  const table = { 446: mbrEntry(0x83, 64), ...BOOT };
  expect(await volumesIn(table, at(start, LUKS))).toEqual([{ partition: 1, encryption: 'LUKS', start, length, uuid }]);
});

test('no encryption is found on a disk without it, in unencrypted volumes, or in a truncated header', async () => {
  expect(await volumesIn()).toEqual([]);
  expect(await volumesIn({ 446: mbrEntry(0x83, 64), ...BOOT })).toEqual([]);
  expect(await volumesIn({ 88: ascii('CS') })).toEqual([]);
  expect(await volumesIn({ 32: ascii('NXSB') })).toEqual([]);
  expect(await volumesIn({ 446: mbrEntry(0xee, 1), ...BOOT })).toEqual([]);
  expect(await encryptedVolumes(bytesOf(fileWith(100, LUKS)))).toEqual([]);
});

test('a partition past the end of the disk, or with its end before its start, has no encryption', async () => {
  expect(await volumesIn(gpt(512, 2n ** 63n, 2047))).toEqual([]);
  const reversed = { ...gpt(512, 40), 1064: le64(39) };
  expect(await volumesIn(reversed, at(40 * SECTOR, LUKS))).toEqual([]);
});

test('an endless chain of logical partitions is followed 64 times', async () => {
  const loop = { 446: mbrEntry(0x83, 0), 462: mbrEntry(0x05, 0), ...BOOT };
  const found = await volumesIn({ 446: mbrEntry(0x05, 64), ...BOOT }, at(64 * SECTOR, { ...loop, ...LUKS }));
  expect(found).toHaveLength(64);
});

test('tables with any numbers are read without an error', async () => {
  const number = fc.bigInt({ min: 0n, max: 2n ** 64n - 4n });
  const entry = fc.record({ type: fc.constantFrom(0, 5, 0x83, 0xee), start: fc.nat(4096) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { maxLength: 4 }),
      fc.array(number, { maxLength: 4 }),
      async (entries, sectors) => {
        const table = Object.fromEntries(
          entries.map(({ type, start }, index) => [446 + 16 * index, mbrEntry(type, start)]),
        );
        await volumesIn(gpt(512, ...sectors), { ...table, ...BOOT });
      },
    ),
    { numRuns: 300 },
  );
});
