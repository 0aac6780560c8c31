import { type Field, fieldsAt } from './field-mutations.js';

/** The number of entries at the beginning of a table that can be changed. */
const MAX_ENTRIES = 64;

const FIELDS: Readonly<Record<string, (content: Buffer) => Field[]>> = {
  qcow2,
  qcow,
  vmdk,
  vdi: (content) => [...fieldsAt(0x40, 98, 4, 'little'), ...tableAt(content.readUInt32LE(0x154), 4, 'little')],
  vhdx,
  vpc,
  qed: (content) => [
    ...fieldsAt(4, 3, 4, 'little'),
    ...fieldsAt(16, 5, 8, 'little'),
    ...fieldsAt(56, 2, 4, 'little'),
    ...tableAt(Number(content.readBigUInt64LE(40)), 8, 'little'),
  ],
  parallels: () => [...fieldsAt(16, 5, 4, 'little'), ...fieldsAt(36, 3, 8, 'little'), ...tableAt(64, 4, 'little')],
};

/** Returns the numbers in the header and tables of a sample image; none for text, and for formats without `FIELDS`. */
export function imageFields(format: string, content: Buffer): Field[] {
  return FIELDS[format]?.(content) ?? [];
}

function tableAt(offset: number, bytes: 4 | 8, order: Field['order']): Field[] {
  return fieldsAt(offset, MAX_ENTRIES, bytes, order);
}

/** qemu's docs/interop/qcow2.rst: the header, its extensions, the L1 and refcount tables and the L2 tables. */
function qcow2(content: Buffer): Field[] {
  const l1 = Number(content.readBigUInt64BE(40));
  const refcounts = Number(content.readBigUInt64BE(48));
  return [
    ...[4, 16, 20, 32, 36, 56, 60, 96, 100].flatMap((offset) => fieldsAt(offset, 1, 4, 'big')),
    ...[8, 24, 40, 48, 64, 72, 80, 88].flatMap((offset) => fieldsAt(offset, 1, 8, 'big')),
    ...fieldsAt(104, 1, 1, 'big'),
    ...fieldsAt(104, 40, 4, 'big'),
    ...fieldsAt(l1, content.readUInt32BE(36), 8, 'big'),
    ...positionsIn(content, l1, content.readUInt32BE(36)).flatMap((table) => tableAt(table, 8, 'big')),
    ...tableAt(refcounts, 8, 'big'),
  ];
}

function qcow(content: Buffer): Field[] {
  const l1 = Number(content.readBigUInt64BE(40));
  return [
    ...[4, 16, 20, 36].flatMap((offset) => fieldsAt(offset, 1, 4, 'big')),
    ...[8, 24, 40].flatMap((offset) => fieldsAt(offset, 1, 8, 'big')),
    ...fieldsAt(32, 2, 1, 'big'),
    ...tableAt(l1, 8, 'big'),
    ...positionsIn(content, l1, 4).flatMap((table) => tableAt(table, 8, 'big')),
  ];
}

/** Returns the positions of clusters in a table of 8-byte entries, without flags. */
function positionsIn(content: Buffer, table: number, entries: number): number[] {
  return Array.from({ length: entries }, (_, entry) => table + 8 * entry)
    .filter((at) => at + 8 <= content.length)
    .map((at) => Number(content.readBigUInt64BE(at) & 0x00ff_ffff_ffff_fe00n))
    .filter((position) => position > 0 && position < content.length);
}

/** VMware's extents: the header, a footer, the grain directory, and the first grain table. Descriptors are text. */
function vmdk(content: Buffer): Field[] {
  switch (content.toString('latin1', 0, 4)) {
    case 'KDMV':
      return hostedExtent(content);
    case 'COWD':
      return [
        ...fieldsAt(4, 7, 4, 'little'),
        ...tableAt(content.readUInt32LE(20) * 512, 4, 'little'),
        ...tableAt(content.readUInt32LE(content.readUInt32LE(20) * 512) * 512, 4, 'little'),
      ];
    case '\xbe\xba\xfe\xca':
      return [
        ...fieldsAt(8, 26, 8, 'little'),
        ...fieldsAt(Number(content.readBigUInt64LE(80)) * 512, 4, 8, 'little'),
        ...tableAt(Number(content.readBigUInt64LE(128)) * 512, 8, 'little'),
        ...tableAt(Number(content.readBigUInt64LE(144)) * 512, 8, 'little'),
      ];
    default:
      return [];
  }
}

function hostedExtent(content: Buffer): Field[] {
  const header = (at: number) => [
    ...[4, 8, 44].flatMap((offset) => fieldsAt(at + offset, 1, 4, 'little')),
    ...[12, 20, 28, 36, 48, 56, 64].flatMap((offset) => fieldsAt(at + offset, 1, 8, 'little')),
    ...fieldsAt(at + 72, 8, 1, 'little'),
  ];
  const directory = Number(BigInt.asUintN(32, content.readBigUInt64LE(56))) * 512;
  return [...header(0), ...header(Math.max(0, content.length - 1024)), ...tableAt(directory, 4, 'little')];
}

/** [MS-VHDX]: headers, region tables, metadata table and items, block map. */
function vhdx(): Field[] {
  const KiB = 1024;
  return [
    ...[64 * KiB, 128 * KiB].flatMap((at) => fieldsAt(at, 20, 4, 'little')),
    ...[192 * KiB, 256 * KiB].flatMap((at) => fieldsAt(at, 20, 4, 'little')),
    ...[1, 2, 3].flatMap((mebibyte) => [
      ...fieldsAt(mebibyte * 1024 * KiB, 56, 4, 'little'),
      ...fieldsAt(mebibyte * 1024 * KiB + 64 * KiB, 12, 4, 'little'),
    ]),
  ];
}

/**
 * Microsoft's "Virtual Hard Disk Image Format Specification": the footer, its copy, the dynamic header, and the block
 * map.
 */
function vpc(content: Buffer): Field[] {
  const footer = (at: number) => [
    ...[8, 12, 24, 28, 60, 64].flatMap((offset) => fieldsAt(at + offset, 1, 4, 'big')),
    ...[16, 40, 48].flatMap((offset) => fieldsAt(at + offset, 1, 8, 'big')),
    ...fieldsAt(at + 56, 2, 2, 'big'),
  ];
  const dynamic = [...fieldsAt(520, 2, 8, 'big'), ...fieldsAt(536, 4, 4, 'big'), ...tableAt(1536, 4, 'big')];
  return [...footer(0), ...footer(content.length - 512), ...dynamic];
}
