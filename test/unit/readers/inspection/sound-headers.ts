import { crc32c } from '#readers/inspection/formats/crc32c.js';
import { cowdExtent, seSparseExtent } from '../../../fixtures/esxi-disk.js';
import {
  ascii,
  be32,
  be64,
  fileWith,
  le16,
  le32,
  le64,
  type Qcow2Fields,
  qcow2Extension,
  qcow2File,
} from './headers.js';

export const MIB = 1 << 20;
/** Microsoft's IDs as stored in a VHDX file. */
export const METADATA_REGION = '06a27c8b90479a4bb8fe575f050f886e';
export const BLOCK_MAP_REGION = '6677c22d23f600429d64115e9bfd4a08';
export const FILE_PARAMETERS = '3767a1ca36fa434db3b633f0aa44e76b';
export const VIRTUAL_DISK_SIZE = '2442a52f1bcd7648b2115dbed83bf4b8';
export const LOGICAL_SECTOR_SIZE = '1dbf41816fa90947ba47f233a8faab5f';

/** Bytes of a file by their position; the rest are zeros. */
export type Pieces = Record<number, Buffer>;

export const QCOW = { 0: ascii('QFI\xfb\0\0\0\x01'), 24: be64(MIB), 32: Buffer.from([12, 9]), 40: be64(48) };
export const QED = {
  0: ascii('QED\0'),
  4: le32(65_536, 4, 1),
  40: le64(65_536, MIB),
};
export const VDI = {
  64: Buffer.from('7f10dabe', 'hex'),
  68: le32(0x10001),
  76: le32(1),
  340: le32(512, 1024),
  360: le32(512),
  368: le64(MIB),
  376: le32(MIB, 0, 1, 0),
};
export const PARALLELS = { 0: ascii('WithouFreSpacExt'), 16: le32(2, 16, 4, 2048, 1), 36: le64(2048) };
export const VHDX = {
  0: ascii('vhdxfile'),
  65536: vhdxHeader({ sequence: 1 }),
  196608: vhdxRegions([METADATA_REGION, 524_288], [BLOCK_MAP_REGION, 393_216]),
  524288: vhdxMetadata([FILE_PARAMETERS, 65_536], [VIRTUAL_DISK_SIZE, 65_544], [LOGICAL_SECTOR_SIZE, 65_552]),
  589824: Buffer.concat([le32(MIB, 0), le64(MIB), le32(512)]),
};

export const LUKS_UUID = '76fe712e-7df1-4af3-bd58-33420210cb35';
/** A LUKS header of version 1, with its payload at 4 KiB. */
export const LUKS = { 0: ascii('LUKS\xba\xbe\0\x01'), 104: be32(8), 168: ascii(LUKS_UUID) };

/** Returns a qcow2 file that is encrypted with LUKS. The LUKS header is at 64 KiB. */
export function encryptedQcow2(fields: Qcow2Fields = {}): Buffer {
  const extensions = qcow2Extension(0x0537be77, be64(65_536, 592));
  const file = qcow2File({ encryption: 2, extensions, ...fields });
  fileWith(592, LUKS).copy(file, 65_536);
  return file;
}

/** The fields of a VHDX header. By default there is no log. */
export interface VhdxHeaderFields {
  readonly sequence: number;
  readonly version?: number;
  readonly logId?: string;
  readonly logBytes?: number;
}

export function vhdxHeader({ sequence, version = 1, logId = '', logBytes = MIB }: VhdxHeaderFields): Buffer {
  const header = fileWith(4096, {
    0: ascii('head'),
    8: le64(sequence),
    48: ascii(logId),
    66: le16(version),
    68: le32(logBytes),
    72: le64(MIB),
  });
  return withCrc(header);
}

/** An entry of a region table: its ID, its position, and whether it is required. */
export type VhdxRegion = readonly [id: string, offset: number, isRequired?: 0 | 1];

export function vhdxRegions(...entries: readonly VhdxRegion[]): Buffer {
  const rows = entries.map(([id, offset, isRequired = 1]) =>
    Buffer.concat([Buffer.from(id, 'hex'), le64(offset), le32(65_536, isRequired)]),
  );
  const table = Buffer.concat([ascii('regi\0\0\0\0'), le32(entries.length, 0), ...rows]);
  return withCrc(fileWith(65_536, { 0: table }));
}

/** Writes the checksum of a VHDX structure into it. */
function withCrc(bytes: Buffer): Buffer {
  le32(crc32c(bytes)).copy(bytes, 4);
  return bytes;
}

export function vhdxMetadata(...entries: readonly (readonly [string, number])[]): Buffer {
  const rows = entries.map(([id, offset]) => Buffer.concat([Buffer.from(id, 'hex'), le32(offset, 8, 4, 0)]));
  return Buffer.concat([ascii('metadata\0\0'), le16(entries.length), Buffer.alloc(20), ...rows]);
}

/** The fields of a VHD footer. Their defaults describe a disk of 0 bytes, created by Hyper-V. */
export interface VpcFields {
  readonly creator?: string;
  /** In bytes. */
  readonly currentSize?: number;
  readonly geometry?: readonly [cylinders: number, heads: number, sectors: number];
  readonly dataOffset?: number;
}

export function vpcFooter(type: number, fields: VpcFields = {}): Buffer {
  const { creator = 'win ', currentSize = 0, geometry: [cylinders, heads, sectors] = [0, 0, 0] } = fields;
  const footer = fileWith(512, {
    0: ascii('conectix'),
    16: be64(fields.dataOffset ?? 512),
    28: ascii(creator),
    48: be64(currentSize),
    56: Buffer.from([cylinders >> 8, cylinders & 0xff, heads, sectors]),
    60: be32(type),
  });
  be32(~footer.reduce((sum, byte) => sum + byte, 0) >>> 0).copy(footer, 64);
  return footer;
}

/** A dynamic VHD with a block map of one block of 2 MiB. */
export const VPC_DYNAMIC = {
  0: vpcFooter(3, { currentSize: MIB }),
  512: ascii('cxsparse'),
  528: be64(1536),
  540: be32(1, 2 * MIB),
};

/** A sparse extent of 1 MiB with a minimal descriptor. */
export const VMDK = {
  0: Buffer.concat([ascii('KDMV'), le32(1, 3), le64(2048, 128, 1, 20), le32(512), le64(21, 26, 128)]),
  512: ascii('CID=fffffffe\n'),
};

/**
 * Returns a VMDK descriptor that ends with these lines. A line replaces the default field of the same name. The default
 * fields state no parent.
 */
export function vmdkDescriptor(...lines: readonly string[]): Buffer {
  const fields = ['version=1', 'CID=fffffffe', 'parentCID=ffffffff', 'createType="monolithicFlat"'];
  const isReplaced = (field: string) => lines.some((line) => line.startsWith(field.slice(0, field.indexOf('=') + 1)));
  return ascii(['# Disk DescriptorFile', ...fields.filter((field) => !isReplaced(field)), ...lines, ''].join('\n'));
}

export const VMDK_DESCRIPTOR = { 0: vmdkDescriptor('RW 2048 FLAT "a-flat.vmdk" 0') };

/** Valid files by format. Some formats have several forms. */
export const SOUND_FILES: readonly (readonly [format: string, file: Buffer])[] = [
  ['qcow2', qcow2File()],
  ['qcow2', qcow2File({ version: 2, backing: 'base.raw', backingFormat: 'raw' })],
  ['qcow2', encryptedQcow2()],
  ['qcow', fileWith(4096, QCOW)],
  ['qed', fileWith(327_680, QED)],
  ['vdi', fileWith(1024, VDI)],
  ['vhdx', fileWith(MIB, VHDX)],
  ['vpc', fileWith(2048, VPC_DYNAMIC)],
  ['parallels', fileWith(4096, PARALLELS)],
  ['dmg', fileWith(1024, { 512: ascii('koly'), 1004: be64(2048) })],
  ['vmdk', fileWith(65_536, VMDK)],
  ['vmdk', fileWith(200, VMDK_DESCRIPTOR)],
  ['luks', fileWith(65_536, LUKS)],
  ['gzip', fileWith(4096, { 0: ascii('\x1f\x8b\x08') })],
  ['xz', fileWith(4096, { 0: ascii('\xfd7zXZ\0') })],
  ['zstd', fileWith(4096, { 0: ascii('\x28\xb5\x2f\xfd') })],
  ['bzip2', fileWith(4096, { 0: ascii('BZh91AY&SY') })],
];

/** Valid extents of 1 MiB by the kind that a VMDK descriptor declares. */
export const SOUND_EXTENTS: readonly (readonly [kind: string, file: Buffer])[] = [
  ['SPARSE', fileWith(65_536, VMDK)],
  ['VMFSSPARSE', cowdExtent(MIB, [{ at: 0, content: ascii('x'.repeat(4096)) }])],
  ['SESPARSE', seSparseExtent(MIB, [{ at: 0, content: ascii('x'.repeat(4096)) }])],
];
