import type { FileBytes } from '#readers/inspection/format-inspector.js';

/** Returns a file of zeros of the given size, with the given pieces at their positions. */
export function fileWith(size: number, pieces: Readonly<Record<number, Buffer>>): Buffer {
  const file = Buffer.alloc(size);
  for (const [position, piece] of Object.entries(pieces)) {
    piece.copy(file, Number(position));
  }
  return file;
}

export function ascii(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** Returns big-endian unsigned numbers of 32 bits; `be64` returns numbers of 64 bits. */
export function be32(...values: readonly number[]): Buffer {
  return Buffer.concat(values.map((value) => buffer(4, (target) => target.writeUInt32BE(value))));
}

export function be64(...values: readonly (number | bigint)[]): Buffer {
  return Buffer.concat(values.map((value) => buffer(8, (target) => target.writeBigUInt64BE(BigInt(value)))));
}

/** Returns a little-endian unsigned number of 16 bits; `le32` and `le64` return numbers of 32 and 64 bits. */
export function le16(value: number): Buffer {
  return buffer(2, (target) => target.writeUInt16LE(value));
}

export function le32(...values: readonly number[]): Buffer {
  return Buffer.concat(values.map((value) => buffer(4, (target) => target.writeUInt32LE(value))));
}

export function le64(...values: readonly (number | bigint)[]): Buffer {
  return Buffer.concat(values.map((value) => buffer(8, (target) => target.writeBigUInt64LE(BigInt(value)))));
}

/** Returns an entry of an MBR: a partition of one sector, which begins at `sector`. */
export function mbrEntry(type: number, sector: number): Buffer {
  return Buffer.concat([Buffer.of(0, 0, 0, 0, type, 0, 0, 0), le32(sector, 1)]);
}

/** Returns the bytes of a file in memory. */
export function bytesOf(file: Buffer): FileBytes {
  return {
    name: 'image',
    size: file.length,
    read: async (position, length) => file.subarray(position, position + length),
  };
}

function buffer(length: number, write: (target: Buffer) => void): Buffer {
  const target = Buffer.alloc(length);
  write(target);
  return target;
}

/** The fields of a qcow2 file. Their defaults describe a valid, self-contained disk of 1 MiB. */
export interface Qcow2Fields {
  readonly version?: number;
  readonly backing?: string | Buffer;
  readonly backingFormat?: string;
  readonly clusterBits?: number;
  readonly virtualSize?: bigint;
  readonly encryption?: number;
  readonly l1Entries?: number;
  readonly l1Offset?: bigint;
  readonly refcountOffset?: bigint;
  readonly refcountClusters?: number;
  readonly refcountOrder?: number;
  readonly snapshots?: number;
  readonly snapshotOffset?: bigint;
  readonly autoclear?: bigint;
  readonly compressionType?: number;
  readonly incompatible?: bigint;
  readonly headerBytes?: number;
  readonly extensions?: Buffer;
  readonly backingOffset?: bigint;
  readonly backingLength?: number;
  readonly fileSize?: number;
}

/** Returns a qcow2 file with a header and empty tables. */
export function qcow2File(fields: Qcow2Fields = {}): Buffer {
  const { version = 3, backing = '', backingFormat, clusterBits = 16, virtualSize = 1n << 20n } = fields;
  const { headerBytes = version === 2 ? 72 : 104, extensions = Buffer.alloc(0), fileSize = 262_144 } = fields;
  const name = Buffer.from(backing);
  const nameOffset = 4096;
  return fileWith(fileSize, {
    0: ascii('QFI\xfb'),
    4: be32(version),
    8: be64(fields.backingOffset ?? (name.length > 0 ? nameOffset : 0)),
    16: be32(fields.backingLength ?? name.length, clusterBits),
    24: be64(virtualSize),
    32: be32(fields.encryption ?? 0, fields.l1Entries ?? 1),
    40: be64(fields.l1Offset ?? 0x30000, fields.refcountOffset ?? 0x10000),
    56: be32(fields.refcountClusters ?? 1, fields.snapshots ?? 0),
    64: be64(fields.snapshotOffset ?? 0),
    ...(version === 2
      ? {}
      : {
          72: be64(fields.incompatible ?? 0, 0, fields.autoclear ?? 0),
          96: be32(fields.refcountOrder ?? 4, headerBytes),
          104: Buffer.from([fields.compressionType ?? 0]),
        }),
    [headerBytes]: Buffer.concat([
      backingFormat === undefined ? Buffer.alloc(0) : qcow2Extension(0xe2792aca, ascii(backingFormat)),
      extensions,
    ]),
    [nameOffset]: name,
  });
}

export function qcow2Extension(type: number, data: Buffer): Buffer {
  return Buffer.concat([be32(type, data.length), data, Buffer.alloc((8 - (data.length % 8)) % 8)]);
}
