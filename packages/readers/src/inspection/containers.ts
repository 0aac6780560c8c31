import { constants, inflateSync } from 'node:zlib';
import { isTarHeader } from './tar.js';

/** A file format that contains other files, or a disk in a form that only special programs read. */
export interface Container {
  /** The name of the format, in words that follow "it is". */
  readonly what: string;
  /** What to do with it, in words that go before "first". */
  readonly remedy: string;
  /** Set if a raw disk can be read through this compression. */
  readonly compression?: Compression;
}

/** The compressions through which a raw disk can be read. */
export type Compression = 'gzip' | 'xz' | 'zstd' | 'bzip2';

interface KnownContainer extends Container {
  /** The signatures, with one character per byte. The file must have one of them at byte `at` (0 by default). */
  readonly magics: readonly string[];
  readonly at?: number;
  /** A further test of the file's first 4 KiB. */
  readonly holds?: (head: Buffer) => boolean;
}

/** The possible first bytes of a zlib stream: deflate with a window of 256 bytes to 32 KiB. */
const ZLIB_METHODS = Array.from({ length: 8 }, (_, index) => String.fromCharCode((index << 4) | 8));
/**
 * Bytes. Shorter files are not recognized as zlib streams, because a short file of another kind can look like a zlib
 * stream.
 */
const ZLIB_MIN_BYTES = 512;
/** Length of a binary cpio header. */
const CPIO_HEADER_BYTES = 26;
const CPIO_NAME_LENGTH_AT = 20;
/** The usual properties of LZMA: lc = 3, lp = 0, pb = 2. */
const LZMA_PROPERTIES = 0x5d;
/** LZMA has 9 values of lc, 5 of lp, 5 of pb. */
const LZMA_MAX_PROPERTIES = 9 * 5 * 5 - 1;
const LZMA_MIN_DICTIONARY = 4096;
const LZMA_DICTIONARY_AT = 1;
const LZMA_SIZE_AT = 5;
/** An .lzma header is recognized only if it states less content than this, or an unknown size. Bytes: 256 TiB. */
const LZMA_MAX_BYTES = 2n ** 48n;
const UNKNOWN_SIZE = 2n ** 64n - 1n;

/** The name of tar archives in messages. */
export const TAR_ARCHIVE = 'a tar archive';

const compressed = (program: string, unpack: string): Container => ({
  what: `compressed by ${program}`,
  remedy: `unpack it with ${unpack}`,
});
const readThrough = (compression: Compression, unpack: string): Container => ({
  ...compressed(compression, unpack),
  compression,
});
const archive = (kind: string, unpack: string): Container => ({ what: kind, remedy: `unpack it with ${unpack}` });

/**
 * The containers that are recognized by the start of a file. The signatures are from the specifications and from the
 * magic database of `file`. The list has formats in which disk images or hash vectors are stored or sent. No bootable,
 * partitioned or formatted disk begins with one of the signatures, unless its guest wrote it there. For such a disk,
 * `--format raw` overrides the recognition.
 */
const CONTAINERS: readonly KnownContainer[] = [
  {
    ...readThrough('gzip', 'gunzip'),
    magics: ['\x1f\x8b\x08'],
    // The upper three flags are reserved.
    holds: (head) => head.length > 3 && head[3]! < 0x20,
  },
  { ...readThrough('xz', 'unxz'), magics: ['\xfd7zXZ\0'] },
  { ...readThrough('bzip2', 'bunzip2'), magics: ['1AY&SY', '\x17rE8P\x90'], at: 4, holds: startsWith('BZh') },
  { ...readThrough('zstd', 'unzstd'), magics: ['\x28\xb5\x2f\xfd', ...skippableFrames()] },
  { ...compressed('lz4', 'unlz4'), magics: ['\x04\x22\x4d\x18', '\x02\x21\x4c\x18'] },
  { ...compressed('lzip', 'lzip -d'), magics: ['LZIP\x01'] },
  { ...compressed('lzop', 'lzop -d'), magics: ['\x89LZO\0\r\n\x1a\n'] },
  { ...compressed('lzma', 'unlzma'), magics: [''], holds: isLzma },
  { ...compressed('zlib', 'pigz -dz'), magics: ZLIB_METHODS, holds: isZlib },
  { ...compressed('snappy', 'snzip -d'), magics: ['\xff\x06\0\0sNaPpY'] },
  { ...compressed('lrzip', 'lrunzip'), magics: ['LRZI'], holds: (head) => head.length > 4 && head[4] === 0 },
  { ...compressed('compress', 'uncompress'), magics: ['\x1f\x9d\x8c', '\x1f\x9d\x90'] },
  { ...archive('a zip archive', 'unzip'), magics: ['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08PK\x03\x04'] },
  { ...archive('a 7z archive', '7z x'), magics: ['7z\xbc\xaf\x27\x1c'] },
  { ...archive('a rar archive', 'unrar x'), magics: ['Rar!\x1a\x07'] },
  { ...archive('a cabinet archive', 'cabextract'), magics: ['MSCF\0\0\0\0'] },
  { ...archive('an ar archive', 'ar x'), magics: ['!<arch>\n'] },
  {
    what: 'a Parquet file',
    remedy: 'write hash vectors as .arrow files',
    magics: ['PAR1'],
  },
  { ...archive('a cpio archive', 'cpio -i'), magics: ['070701', '070702', '070707'], holds: isCpio },
  { ...archive('a cpio archive', 'cpio -i'), magics: ['\xc7\x71', '\x71\xc7'], holds: isBinaryCpio },
  // The magic is late in the header, and the oldest archives have none, so the checksum decides.
  { ...archive(TAR_ARCHIVE, 'tar -xf'), magics: [''], holds: isTarHeader },
  { ...archive('a Proxmox VMA archive', 'vma extract'), magics: ['VMA\0\0\0\0\x01'] },
  { ...archive('a Windows imaging (WIM) archive', 'wimapply'), magics: ['MSWIM\0\0\0'] },
  {
    what: 'an EnCase (E01) acquisition',
    remedy: 'export it as a raw disk with ewfexport',
    magics: ['EVF\t\r\n\xff\0', 'EVF2\r\n\x81\0'],
  },
  { what: 'an AFF acquisition', remedy: 'export it as a raw disk with affconvert -r', magics: ['AFF10\r\n\0'] },
  {
    what: 'a compressed loop (cloop) image',
    remedy: 'unpack it with qemu-img convert -f cloop -O raw',
    magics: ['#!/bin/sh\n#V1.', '#!/bin/sh\n#V2.', '#!/bin/sh\n#V3.', '#!/bin/sh\n#V4.'],
  },
  {
    what: 'a Bochs image',
    remedy: 'convert it with qemu-img convert -f bochs -O raw',
    magics: ['Bochs Virtual HD Image\0'],
  },
  { what: 'an Android sparse image', remedy: 'unpack it with simg2img', magics: ['\x3a\xff\x26\xed\x01\0'] },
  {
    what: 'an encrypted Apple disk image',
    remedy: 'convert it with hdiutil convert',
    magics: ['encrcdsa'],
  },
  { what: 'an Apple sparse image', remedy: 'convert it with hdiutil convert', magics: ['sprs\0\0\0\x03'] },
  { what: 'encrypted by OpenSSL', remedy: 'decrypt it with openssl enc -d', magics: ['Salted__'] },
  { what: 'encrypted by age', remedy: 'decrypt it with age -d', magics: ['age-encryption.org/v1\n'] },
  { what: 'a Partclone image', remedy: 'restore it with partclone.restore', magics: ['partclone-image'] },
  { what: 'an ntfsclone image', remedy: 'restore it with ntfsclone -r', magics: ['\0ntfsclone-image'] },
  {
    what: 'an image of Ceph RBD',
    remedy: 'import it with rbd import --export-format 2',
    magics: ['rbd image v'],
  },
  {
    what: 'an incremental diff of Ceph RBD',
    remedy: 'apply it to its image with rbd import-diff',
    magics: ['rbd diff v'],
  },
];

/** Returns the container format of a file, by the first 4 KiB; `undefined` if the file can be a disk. */
export function containerOf(head: Buffer): Container | undefined {
  return CONTAINERS.find(
    ({ magics, at = 0, holds }) =>
      magics.some((magic) => head.toString('latin1', at, at + magic.length) === magic) && (holds?.(head) ?? true),
  );
}

function startsWith(text: string): (head: Buffer) => boolean {
  return (head) => head.toString('latin1', 0, text.length) === text;
}

/**
 * Returns the signatures of skippable frames, with which zstd and lz4 files can begin. Such frames contain data for
 * other programs.
 */
function skippableFrames(): string[] {
  return Array.from({ length: 16 }, (_, index) => `${String.fromCharCode(0x50 + index)}\x2a\x4d\x18`);
}

/**
 * Tests for the header of an .lzma file: valid properties, a dictionary of 2ⁿ or 3·2ⁿ bytes, a possible size, and a
 * zero as the first compressed byte. Unless the properties are `LZMA_PROPERTIES`, the header must state that the size
 * is unknown, because other data often looks like a header with a size.
 */
function isLzma(head: Buffer): boolean {
  if (head.length < 14) {
    return false;
  }
  const properties = head[0]!;
  const dictionary = head.readUInt32LE(LZMA_DICTIONARY_AT);
  const size = head.readBigUInt64LE(LZMA_SIZE_AT);
  const lowest = (dictionary & -dictionary) >>> 0;
  const isKnownSize = properties === LZMA_PROPERTIES && size > 0n && size < LZMA_MAX_BYTES;
  return (
    properties <= LZMA_MAX_PROPERTIES &&
    dictionary >= LZMA_MIN_DICTIONARY &&
    (dictionary === lowest || dictionary === 3 * lowest) &&
    (size === UNKNOWN_SIZE || isKnownSize) &&
    head[13] === 0
  );
}

/** Tests that the first two bytes, as a number, are a multiple of 31, and that the bytes after them can be inflated. */
function isZlib(head: Buffer): boolean {
  if (head.length < ZLIB_MIN_BYTES || head.readUInt16BE(0) % 31 !== 0) {
    return false;
  }
  try {
    return inflateSync(head, { finishFlush: constants.Z_SYNC_FLUSH }).length > 0;
  } catch {
    return false;
  }
}

/**
 * Tests whether a binary cpio header (thirteen 16-bit numbers in either byte order) is followed by a NUL-terminated
 * name that has the length that the header states.
 */
function isBinaryCpio(head: Buffer): boolean {
  if (head.length < CPIO_HEADER_BYTES) {
    return false;
  }
  const isLittleEndian = head[0] === 0xc7;
  const length = isLittleEndian ? head.readUInt16LE(CPIO_NAME_LENGTH_AT) : head.readUInt16BE(CPIO_NAME_LENGTH_AT);
  const name = head.subarray(CPIO_HEADER_BYTES, CPIO_HEADER_BYTES + length);
  return (
    length > 1 && name.length === length && name.findIndex((byte) => byte < 0x20) === length - 1 && name.at(-1) === 0
  );
}

/** Tests for the digits after the magic: 70 octal digits in an old header, 104 hexadecimal digits in a new header. */
function isCpio(head: Buffer): boolean {
  return /^0707(?:07[0-7]{70}|0[12][\da-f]{104})/i.test(head.toString('latin1', 0, 110));
}
