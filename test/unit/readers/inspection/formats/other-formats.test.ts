import { describe, expect, test } from '@jest/globals';
import type { FormatHeader } from '#readers/inspection/format-inspector.js';
import { FORMATS } from '#readers/inspection/formats.js';
import { HeaderError } from '#readers/inspection/header-error.js';
import { ascii, be32, be64, bytesOf, fileWith, le32, le64 } from '../headers.js';
import {
  LUKS,
  LUKS_UUID,
  MIB,
  PARALLELS,
  type Pieces,
  QCOW,
  QED,
  VDI,
  VPC_DYNAMIC,
  type VpcFields,
  vpcFooter,
} from '../sound-headers.js';

function read(format: string, size: number, pieces: Pieces): Promise<FormatHeader> {
  return FORMATS.find((each) => each.format === format)!.readHeader(bytesOf(fileWith(size, pieces)));
}

const PARALLELS_HEADER = {
  virtualSize: MIB,
  neighbour: { name: 'DiskDescriptor.xml', check: expect.any(Function) as never },
};
const BY_SIZE = { driverOptions: { force_size_calc: 'current_size' } };
const BY_GEOMETRY = { driverOptions: { force_size_calc: 'chs' } };

describe('a valid header is recognised and read:', () => {
  test.each<[string, number, Pieces, 'head' | 'tail', FormatHeader]>([
    ['qcow', 4096, QCOW, 'head', { virtualSize: MIB }],
    ['luks', 65_536, LUKS, 'head', { virtualSize: 61_440, encryption: { uuid: LUKS_UUID } }],
    [
      'qcow',
      4096,
      { ...QCOW, 8: be64(1000), 16: be32(4), 1000: ascii('base') },
      'head',
      { virtualSize: MIB, backing: { name: 'base' } },
    ],
    ['qed', 327_680, QED, 'head', { virtualSize: MIB }],
    [
      'qed',
      327_680,
      { ...QED, 16: le64(1), 56: le32(64, 4), 64: ascii('base') },
      'head',
      { virtualSize: MIB, backing: { name: 'base' } },
    ],
    [
      'qed',
      327_680,
      { ...QED, 16: le64(5), 56: le32(64, 4), 64: ascii('base') },
      'head',
      { virtualSize: MIB, backing: { name: 'base', format: 'raw' } },
    ],
    ['vdi', 1024, VDI, 'head', { virtualSize: MIB }],
    ['vdi', 1024, { ...VDI, 76: le32(2) }, 'head', { virtualSize: MIB }],
    ['vdi', 1024, { ...VDI, 368: le64(MIB - 511) }, 'head', { virtualSize: MIB }],
    ['vpc', 2048, VPC_DYNAMIC, 'head', { virtualSize: MIB, ...BY_SIZE }],
    ['vpc', 1536, { 1024: vpcFooter(2, { currentSize: 1024 }) }, 'tail', { virtualSize: 1024, ...BY_SIZE }],
    ['parallels', 4096, PARALLELS, 'head', PARALLELS_HEADER],
    ['parallels', 4096, { ...PARALLELS, 0: ascii('WithoutFreeSpace'), 40: le32(0xdeadbeef) }, 'head', PARALLELS_HEADER],
    ['dmg', 1024, { 512: ascii('koly'), 1004: be64(2048) }, 'tail', { virtualSize: MIB }],
  ])('%s', async (format, size, pieces, end, header) => {
    const file = fileWith(size, pieces);
    const ends = { head: file.subarray(0, 4096), tail: file.subarray(-512) };
    const recognised = FORMATS.flatMap((each) => {
      const at = each.recognize(ends);
      return at === undefined ? [] : [[each.format, at]];
    });
    expect(recognised).toEqual([[format, end]]);
    expect(await read(format, size, pieces)).toEqual(header);
  });
});

describe('the size of a vpc disk', () => {
  const GEOMETRY = [10, 4, 17] as const;
  const LARGEST = [65_535, 16, 255] as const;

  test.each<[string, VpcFields, number, Pick<FormatHeader, 'driverOptions'>]>([
    ['Hyper-V', { creator: 'win ' }, MIB, BY_SIZE],
    ['disk2vhd', { creator: 'd2v ' }, MIB, BY_SIZE],
    ['qemu today', { creator: 'qem2' }, MIB, BY_SIZE],
    ['XenServer', { creator: 'tap\0' }, MIB, BY_SIZE],
    ['XenConverter', { creator: 'CTXS' }, MIB, BY_SIZE],
    ['Azure', { creator: 'wa\0\0' }, MIB, BY_SIZE],
    ['VirtualBox', { creator: 'vbox' }, MIB, BY_SIZE],
    ['an unknown program', { creator: '????' }, MIB, BY_SIZE],
    ['Virtual PC', { creator: 'vpc ' }, 680 * 512, BY_GEOMETRY],
    ['old qemu', { creator: 'qemu' }, 680 * 512, BY_GEOMETRY],
    ['Virtual PC, too large for a geometry', { creator: 'vpc ', geometry: LARGEST }, MIB, BY_SIZE],
  ])('made by %s is read from the right field', async (_, fields, virtualSize, options) => {
    const footer = { currentSize: MIB, geometry: GEOMETRY, ...fields };
    const header = { virtualSize, ...options };
    expect(await read('vpc', MIB + 512, { [MIB]: vpcFooter(2, footer) })).toEqual(header);
    expect(await read('vpc', 2048, { ...VPC_DYNAMIC, 0: vpcFooter(3, footer) })).toEqual(header);
  });
});

describe('a header', () => {
  test.each<[string, string, number, Pieces, RegExp]>([
    ['qcow', 'of an encrypted disk', 4096, { ...QCOW, 36: be32(1) }, /encrypted/],
    ['qed', 'with unknown features', 327_680, { ...QED, 16: le64(8) }, /0x8/],
    [
      'qed',
      'with a disk size beyond the safe integers',
      18 * MIB,
      { ...QED, 4: le32(MIB, 16), 40: le64(MIB, 1n << 60n) },
      /1152921504606846976/,
    ],
    ['vdi', 'of another version', 1024, { ...VDI, 68: le32(0x10000) }, /version 1\.0, expected 1\.1/],
    ['vdi', 'of another type', 1024, { ...VDI, 76: le32(4) }, /type 4/],
    ['vdi', 'of a differencing disk', 1024, { ...VDI, 440: le32(1) }, /differencing/],
    ['vpc', 'of a differencing disk', 2048, { ...VPC_DYNAMIC, 0: vpcFooter(4) }, /type 4/],
    [
      'vpc',
      'of a fixed disk, at the start of the file',
      2048,
      { 0: vpcFooter(2) },
      /unclear which footer counts; convert it with the program that made it$/,
    ],
    [
      'vpc',
      'of a dynamic disk, with a footer of a fixed disk',
      2048,
      { ...VPC_DYNAMIC, 1536: vpcFooter(2) },
      /unclear which footer/,
    ],
    [
      'luks',
      'of version 2',
      4096,
      { ...LUKS, 7: Buffer.of(2) },
      /LUKS version 2, .* only version 1; leave out the format/,
    ],
    ['luks', 'whose payload is past the end', 4095, LUKS, /payload begins at byte 4096, but the file has only 4095/],
  ])('of the format %s %s is refused or corrupt', async (format, _, size, pieces, message) => {
    await expect(read(format, size, pieces)).rejects.toBeInstanceOf(HeaderError);
    await expect(read(format, size, pieces)).rejects.toMatchObject({ message: expect.stringMatching(message) });
  });
});

describe('a damaged header', () => {
  test.each<[string, string, number, Pieces]>([
    ['qcow', 'that is truncated', 40, QCOW],
    ['qcow', 'with clusters too small', 4096, { ...QCOW, 32: Buffer.from([8, 9]) }],
    ['qcow', 'with clusters too large', 4096, { ...QCOW, 32: Buffer.from([17, 9]) }],
    ['qcow', 'with tables too small', 4096, { ...QCOW, 32: Buffer.from([12, 5]) }],
    ['qcow', 'with tables too large', 4096, { ...QCOW, 32: Buffer.from([12, 14]) }],
    ['qcow', 'with an L1 table for its disk size that is past the end', 4096, { ...QCOW, 24: be64(1n << 60n) }],
    ['qcow', 'with its L1 table past the end', 4096, { ...QCOW, 40: be64(4095) }],
    ['qcow', 'of a disk of 0 bytes', 4096, { ...QCOW, 24: be64(0) }],
    ['qcow', 'of a disk of 1 byte', 4096, { ...QCOW, 24: be64(1) }],
    ['qcow', "with a backing file's name that is too long", 4096, { ...QCOW, 8: be64(1000), 16: be32(1024) }],
    ['qcow', "with a backing file's name past the end", 4096, { ...QCOW, 8: be64(1n << 60n), 16: be32(4) }],
    ['qed', 'that is truncated', 60, QED],
    ['qed', 'with clusters too small', 327_680, { ...QED, 4: le32(512, 4) }],
    ['qed', 'with clusters too large', 327_680, { ...QED, 4: le32(1 << 27, 4) }],
    ['qed', 'without tables', 327_680, { ...QED, 4: le32(65_536, 0) }],
    ['qed', 'with tables too large', 327_680, { ...QED, 4: le32(65_536, 17) }],
    ['qed', 'with its L1 table past the end', 327_679, QED],
    ['qed', 'with a cluster size that is not a power of two', 655_360, { ...QED, 4: le32(65_536 + 512, 4) }],
    ['qed', 'with a table size that is not a power of two', 327_680, { ...QED, 4: le32(65_536, 3) }],
    ['qed', 'with a partial sector', 327_680, { ...QED, 48: le64(MIB + 256) }],
    ['qed', 'with a disk beyond its tables', 327_680, { ...QED, 48: le64(1n << 47n) }],
    ['qed', 'with an L1 table that does not begin a cluster', 655_360, { ...QED, 40: le64(65_536 + 512) }],
    ['qed', 'with its L1 table in its header', 655_360, { ...QED, 12: le32(2) }],
    [
      'qed',
      'of a disk of 0 bytes, with an L1 table that does not begin a cluster',
      655_360,
      { ...QED, 40: le64(512, 0) },
    ],
    ['qed', "with a backing file's name outside the header", 327_680, { ...QED, 16: le64(1), 56: le32(65_535, 4) }],
    ['qed', 'with a backing file without a name', 327_680, { ...QED, 16: le64(1) }],
    ['qed', "with a backing file's name that is too long", 327_680, { ...QED, 16: le64(1), 56: le32(64, 1024) }],
    ['vdi', 'with sectors of another size', 1024, { ...VDI, 360: le32(4096) }],
    ['vdi', 'with too many blocks', 1024, { ...VDI, 384: le32(0x1fffff81) }],
    ['vdi', 'with a block map that does not begin a sector', 1024, { ...VDI, 340: le32(516, 1024) }],
    ['vdi', 'with data that does not begin a sector', 1024, { ...VDI, 340: le32(512, 1028) }],
    ['vdi', 'with blocks of 0 bytes', 1024, { ...VDI, 376: le32(0, 0, 1, 0) }],
    ['vdi', 'with too few blocks', 1024, { ...VDI, 384: le32(0) }],
    ['vdi', 'with its block map past the end', 1024, { ...VDI, 340: le32(1024) }],
    ['vpc', 'with a wrong checksum', 2048, { ...VPC_DYNAMIC, 20: be32(1) }],
    ['vpc', 'without the signature of its dynamic disk header', 2048, { ...VPC_DYNAMIC, 512: Buffer.alloc(0) }],
    [
      'vpc',
      'with its dynamic disk header past the end',
      2048,
      { ...VPC_DYNAMIC, 0: vpcFooter(3, { dataOffset: 2000 }) },
    ],
    ['vpc', 'with its block map past the end', 2048, { ...VPC_DYNAMIC, 540: be32(1000, 2 * MIB) }],
    ['vpc', 'with too few blocks', 2048, { ...VPC_DYNAMIC, 540: be32(1, MIB / 2) }],
    ['vpc', 'with a block size that is not a power of two', 2048, { ...VPC_DYNAMIC, 540: be32(1, 3 * MIB) }],
    ['vpc', 'with blocks of less than a sector', 2048, { ...VPC_DYNAMIC, 540: be32(100_000, 256) }],
    ['vpc', 'of a truncated fixed disk', 1535, { 1023: vpcFooter(2, { currentSize: 1024 }) }],
    ['parallels', 'that is truncated', 60, PARALLELS],
    ['parallels', 'of another version', 4096, { ...PARALLELS, 16: le32(1) }],
    ['parallels', 'with blocks too large', 4096, { ...PARALLELS, 28: le32(4_186_128) }],
    ['parallels', 'with too many blocks', 4096, { ...PARALLELS, 32: le32(0x20000000) }],
    ['parallels', 'with blocks of 0 sectors', 4096, { ...PARALLELS, 28: le32(0) }],
    ['parallels', 'with too few blocks', 4096, { ...PARALLELS, 32: le32(0) }],
    ['parallels', 'with its block map past the end', 4096, { ...PARALLELS, 32: le32(2000) }],
    ['dmg', 'that is truncated', 100, {}],
    ['dmg', 'of a disk of 0 sectors', 1024, { 512: ascii('koly') }],
    ['dmg', 'with its data past the end', 1024, { 512: ascii('koly'), 544: be64(2000) }],
    ['dmg', 'with its property list past the end', 1024, { 512: ascii('koly'), 736: be64(2000) }],
  ])('of the format %s %s is corrupt', async (format, _, size, pieces) => {
    await expect(read(format, size, pieces)).rejects.toMatchObject({ name: 'HeaderError', code: 'corrupt' });
  });
});
