import { deflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { containerOf } from '#readers/inspection/containers.js';
import { decideFormat } from '#readers/inspection/decide-format.js';
import { ascii, fileWith, le32, le64 } from './headers.js';

function decide(path: string, file: Buffer, stated?: string) {
  const ends = { head: file.subarray(0, 4096), tail: file.subarray(-512) };
  return decideFormat({ path, size: file.length, isDevice: false, ends, stated, statedBy: 'user' });
}

const raw = { format: 'raw', mustBeSelfContained: false };

describe('what begins like this is no disk image', () => {
  test.each<[string, Buffer, RegExp]>([
    ['an empty zip archive', ascii('PK\x05\x06'), /zip/],
    ['zstd with a frame to be skipped', ascii('\x5a\x2a\x4d\x18'), /zstd/],
    ['an older lz4', ascii('\x02\x21\x4c\x18'), /lz4/],
    ['rar', ascii('Rar!\x1a\x07\x01\0'), /rar/],
    ['a cabinet', ascii('MSCF\0\0\0\0'), /cabinet/],
    ['VMA', ascii('VMA\0\0\0\0\x01'), /VMA/],
    ['WIM', ascii('MSWIM\0\0\0'), /WIM/],
    ['E01', ascii('EVF\t\r\n\xff\0\x01\x01\0\0\0'), /EnCase.*ewfexport/],
    ['Ex01', ascii('EVF2\r\n\x81\0'), /EnCase/],
    ['AFF', ascii('AFF10\r\n\0'), /AFF/],
    ['cloop', ascii('#!/bin/sh\n#V2.0 Format\nmodprobe cloop'), /cloop.*qemu-img convert/],
    ['Bochs', ascii('Bochs Virtual HD Image\0'), /Bochs.*qemu-img convert/],
    ['a binary cpio archive of the other byte order', cpio(), /cpio/],
    ['framed snappy', ascii('\xff\x06\0\0sNaPpY'), /compressed by snappy/],
    ['lrzip', ascii('LRZI\0\x06'), /compressed by lrzip/],
    ['age', ascii('age-encryption.org/v1\n-> X25519'), /encrypted by age/],
    ['zlib with the smallest window', deflateSync(Buffer.alloc(2 ** 20), { windowBits: 9 }), /compressed by zlib/],
    ['an Android sparse image', ascii('\x3a\xff\x26\xed\x01\0\0\0'), /simg2img/],
    ['an encrypted DMG', ascii('encrcdsa'), /hdiutil/],
    ['a sparse image of Apple', ascii('sprs\0\0\0\x03'), /hdiutil/],
    ['a seSparse extent', ascii('\xbe\xba\xfe\xca\0\0\0\0'), /vmkfstools/],
    ['Partclone', ascii('partclone-image0002'), /partclone/],
    ['ntfsclone', ascii('\0ntfsclone-image'), /ntfsclone/],
    ['RBD', ascii('rbd diff v1\n'), /rbd import/],
    ['lzma of a known size', lzma(1 << 23, 1_000_000n), /lzma/],
    ['lzma with a dictionary of 3·2ⁿ bytes', lzma(3 << 22, 2n ** 64n - 1n), /lzma/],
  ])('%s', (_, beginning, message) => {
    const file = fileWith(65_536, { 0: beginning });
    const refusal = expect.objectContaining({ code: 'refused', message: expect.stringMatching(message) });
    expect(() => decide('disk.img', file)).toThrow(refusal);
    expect(decide('disk.img', file, 'raw')).toEqual(raw);
  });
});

function lzma(dictionary: number, size: bigint, properties = 0x5d): Buffer {
  return Buffer.concat([Buffer.from([properties]), le32(dictionary), le64(size), ascii('\0')]);
}

/** A binary cpio header, big-endian, with the name of a file. */
function cpio({ length = 9, name = 'disk.raw\0' } = {}): Buffer {
  return fileWith(64, { 0: ascii('\x71\xc7'), 20: Buffer.from([length >> 8, length & 0xff]), 26: ascii(name) });
}

/** A disk's beginning: boot code with a signature, and one partition. */
const MBR = fileWith(65_536, { 0: ascii('\xeb\x63\x90'), 446: ascii('\x80\x20\x21\0\x83'), 510: ascii('\x55\xaa') });

describe('a disk is none of them', () => {
  test.each([
    ['all zeros', Buffer.alloc(65_536)],
    ['an MBR', MBR],
    ['an MBR whose boot code is like the beginning of lzma', Buffer.concat([ascii('\x5d\0\0'), MBR.subarray(3)])],
    ['gzip with reserved flags', fileWith(65_536, { 0: ascii('\x1f\x8b\x08\xff') })],
    ['gzip cut short', ascii('\x1f\x8b\x08')],
    ['lzma cut short', ascii('\x5d\0\0\x80\0')],
    ['lzma with a size beyond all', fileWith(65_536, { 0: lzma(1 << 23, 2n ** 60n) })],
    ['lzma without content', fileWith(65_536, { 0: lzma(1 << 23, 0n) })],
    ['lzma with a dictionary of no size', fileWith(65_536, { 0: lzma(5 << 20, 1000n) })],
    ['lzma without its zero', fileWith(65_536, { 0: lzma(1 << 23, 1000n).subarray(0, 13), 13: ascii('\x01') })],
    ['lzma of a known size with unusual properties', fileWith(65_536, { 0: lzma(1 << 23, 1000n, 2) })],
    ['lzma with impossible properties', fileWith(65_536, { 0: lzma(1 << 23, 2n ** 64n - 1n, 225) })],
    ['lzma with the smallest of dictionaries', fileWith(65_536, { 0: lzma(2048, 2n ** 64n - 1n) })],
    ['the header of zlib without a stream', fileWith(65_536, { 0: ascii('\x78\x01') })],
    ['the header of zlib before boot code', fileWith(65_536, { 0: ascii('\x78\x9c\xfa\x33\xc0\x8e\xd0\xbc\0\x7c') })],
    ['the method of zlib with a wrong checksum', fileWith(65_536, { 0: ascii('\x78\x02') })],
    ['the header of zlib and no more', ascii('\x78\x9c\x4b')],
    ['the magic of binary cpio and no more', fileWith(65_536, { 0: ascii('\xc7\x71') })],
    ['binary cpio cut short', ascii('\xc7\x71')],
    ['binary cpio with a name that ends early', fileWith(65_536, { 0: cpio({ length: 10 }) })],
    ['binary cpio with a name that ends late', fileWith(65_536, { 0: cpio({ length: 8 }) })],
    ['binary cpio with a name of control characters', fileWith(65_536, { 0: cpio({ name: 'disk\x01raw\0' }) })],
    ['the magic of lrzip with another version', fileWith(65_536, { 0: ascii('LRZI\x01') })],
    ['the magic of lrzip and no more', ascii('LRZI')],
    ['bzip2 without a block', fileWith(65_536, { 0: ascii('BZh9') })],
    ['the block of bzip2 without its beginning', fileWith(65_536, { 4: ascii('1AY&SY') })],
    ['digits of cpio and no more', fileWith(65_536, { 0: ascii('070707') })],
    ['a tar header without sum', fileWith(65_536, { 0: ascii('disk.raw'), 257: ascii('ustar\0') })],
    ['a tar header with a wrong sum', fileWith(65_536, { 0: ascii('disk.raw'), 148: ascii('0000001\0') })],
    ['a tar header cut short', ascii('disk.raw')],
    ['an ISO 9660 file system', fileWith(65_536, { 32768: ascii('\x01CD001\x01') })],
    ['a hybrid one', fileWith(65_536, { 0: ascii('ER\x08\0\0\0\x90\x90'), 510: ascii('\x55\xaa') })],
    ['an LVM volume', fileWith(65_536, { 512: ascii('LABELONE') })],
    ['an XFS file system', fileWith(65_536, { 0: ascii('XFSB\0\0\x10\0') })],
    ['a squashfs file system', fileWith(65_536, { 0: ascii('hsqs') })],
  ])('%s', (_, file) => {
    expect(decide('disk.img', file)).toEqual(raw);
    expect(decide('disk.raw', file)).toEqual(raw);
  });

  test('of random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 600 }), (bytes) => {
        fc.pre(bytes[0] !== 0x1f || bytes[1] !== 0x8b);
        expect(containerOf(Buffer.from(bytes))).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });
});
