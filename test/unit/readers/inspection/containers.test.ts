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

describe('a file that starts like this is not a disk image:', () => {
  test.each<[string, Buffer, RegExp]>([
    ['an empty zip archive', ascii('PK\x05\x06'), /zip/],
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
    ['a big-endian binary cpio archive', cpio(), /cpio/],
    ['framed snappy', ascii('\xff\x06\0\0sNaPpY'), /compressed by snappy/],
    ['lrzip', ascii('LRZI\0\x06'), /compressed by lrzip/],
    ['age', ascii('age-encryption.org/v1\n-> X25519'), /encrypted by age/],
    ['zlib with a window of 512 bytes', deflateSync(Buffer.alloc(2 ** 20), { windowBits: 9 }), /compressed by zlib/],
    ['an Android sparse image', ascii('\x3a\xff\x26\xed\x01\0\0\0'), /simg2img/],
    ['an encrypted DMG', ascii('encrcdsa'), /hdiutil/],
    ['a sparse image of Apple', ascii('sprs\0\0\0\x03'), /hdiutil/],
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

test.each<[string, Buffer, string]>([
  ['gzip', ascii('\x1f\x8b\x08\0'), 'disk.gz'],
  ['xz', ascii('\xfd7zXZ\0'), 'disk.img.xz'],
  ['bzip2', ascii('BZh91AY&SY'), 'disk.bz2'],
  ['bzip2', ascii('BZh9\x17rE8P\x90'), 'disk.bz2'],
  ['zstd', ascii('\x28\xb5\x2f\xfd'), 'disk.RAW.ZST'],
  ['zstd', ascii('\x5a\x2a\x4d\x18'), 'disk.zst'],
])('%s is accepted unless the name contradicts it', (format, beginning, name) => {
  const file = fileWith(65_536, { 0: beginning });
  expect(decide(name, file)).toEqual({ format, mustBeSelfContained: false });
  expect(decide('disk.img', file)).toEqual({ format, mustBeSelfContained: true });
  expect(decide('disk', file, format)).toEqual({ format, mustBeSelfContained: false });
  expect(decide(name, file, 'raw')).toEqual(raw);
  const contradiction = expect.objectContaining({ code: 'refused', message: expect.stringContaining(format) });
  expect(() => decide('disk.raw', file)).toThrow(contradiction);
  expect(() => decide('disk.qcow2', file)).toThrow(contradiction);
  expect(() => decide(name, Buffer.alloc(65_536))).toThrow(expect.objectContaining({ code: 'corrupt' }));
});

test('a compressed file cannot be a backing file', () => {
  const file = fileWith(65_536, { 0: ascii('\x1f\x8b\x08\0') });
  const ends = { head: file.subarray(0, 4096), tail: file.subarray(-512) };
  const base = { path: 'base.img', size: file.length, isDevice: false, ends, statedBy: 'overlay' } as const;
  for (const stated of [undefined, 'gzip']) {
    expect(() => decideFormat({ ...base, stated })).toThrow(expect.objectContaining({ code: 'refused' }));
  }
});

function lzma(dictionary: number, size: bigint, properties = 0x5d): Buffer {
  return Buffer.concat([Buffer.from([properties]), le32(dictionary), le64(size), ascii('\0')]);
}

/** Returns a big-endian binary cpio header with a file name. */
function cpio({ length = 9, name = 'disk.raw\0' } = {}): Buffer {
  return fileWith(64, { 0: ascii('\x71\xc7'), 20: Buffer.from([length >> 8, length & 0xff]), 26: ascii(name) });
}

/** The start of a disk: boot code with a signature, and one partition. */
const MBR = fileWith(65_536, { 0: ascii('\xeb\x63\x90'), 446: ascii('\x80\x20\x21\0\x83'), 510: ascii('\x55\xaa') });

describe('a disk is not mistaken for a container:', () => {
  test.each([
    ['all zeros', Buffer.alloc(65_536)],
    ['an MBR', MBR],
    ['an MBR whose boot code resembles lzma', Buffer.concat([ascii('\x5d\0\0'), MBR.subarray(3)])],
    ['gzip with reserved flags', fileWith(65_536, { 0: ascii('\x1f\x8b\x08\xff') })],
    ['truncated gzip', ascii('\x1f\x8b\x08')],
    ['truncated lzma', ascii('\x5d\0\0\x80\0')],
    ['lzma with an impossible size', fileWith(65_536, { 0: lzma(1 << 23, 2n ** 60n) })],
    ['lzma without content', fileWith(65_536, { 0: lzma(1 << 23, 0n) })],
    ['lzma with an invalid dictionary size', fileWith(65_536, { 0: lzma(5 << 20, 1000n) })],
    ['lzma without its zero byte', fileWith(65_536, { 0: lzma(1 << 23, 1000n).subarray(0, 13), 13: ascii('\x01') })],
    ['lzma of a known size with unusual properties', fileWith(65_536, { 0: lzma(1 << 23, 1000n, 2) })],
    ['lzma with impossible properties', fileWith(65_536, { 0: lzma(1 << 23, 2n ** 64n - 1n, 225) })],
    ['lzma with a dictionary that is too small', fileWith(65_536, { 0: lzma(2048, 2n ** 64n - 1n) })],
    ['a zlib header without a stream', fileWith(65_536, { 0: ascii('\x78\x01') })],
    ['a zlib header before boot code', fileWith(65_536, { 0: ascii('\x78\x9c\xfa\x33\xc0\x8e\xd0\xbc\0\x7c') })],
    ['a zlib method with a wrong checksum', fileWith(65_536, { 0: ascii('\x78\x02') })],
    ['only a zlib header', ascii('\x78\x9c\x4b')],
    ['only the magic of binary cpio', fileWith(65_536, { 0: ascii('\xc7\x71') })],
    ['truncated binary cpio', ascii('\xc7\x71')],
    ['binary cpio with a name that ends early', fileWith(65_536, { 0: cpio({ length: 10 }) })],
    ['binary cpio with a name that ends late', fileWith(65_536, { 0: cpio({ length: 8 }) })],
    ['binary cpio with control characters in its name', fileWith(65_536, { 0: cpio({ name: 'disk\x01raw\0' }) })],
    ['the magic of lrzip with another version', fileWith(65_536, { 0: ascii('LRZI\x01') })],
    ['only the magic of lrzip', ascii('LRZI')],
    ['bzip2 without a block', fileWith(65_536, { 0: ascii('BZh9') })],
    ['a bzip2 block without its header', fileWith(65_536, { 4: ascii('1AY&SY') })],
    ['only the digits of cpio', fileWith(65_536, { 0: ascii('070707') })],
    ['a tar header without a checksum', fileWith(65_536, { 0: ascii('disk.raw'), 257: ascii('ustar\0') })],
    ['a tar header with a wrong checksum', fileWith(65_536, { 0: ascii('disk.raw'), 148: ascii('0000001\0') })],
    ['a truncated tar header', ascii('disk.raw')],
    ['an ISO 9660 file system', fileWith(65_536, { 32768: ascii('\x01CD001\x01') })],
    ['a hybrid ISO 9660 file system', fileWith(65_536, { 0: ascii('ER\x08\0\0\0\x90\x90'), 510: ascii('\x55\xaa') })],
    ['an LVM volume', fileWith(65_536, { 512: ascii('LABELONE') })],
    ['an XFS file system', fileWith(65_536, { 0: ascii('XFSB\0\0\x10\0') })],
    ['a squashfs file system', fileWith(65_536, { 0: ascii('hsqs') })],
  ])('%s', (_, file) => {
    expect(decide('disk.img', file)).toEqual(raw);
    expect(decide('disk.raw', file)).toEqual(raw);
  });

  test('random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 600 }), (bytes) => {
        fc.pre(bytes[0] !== 0x1f || bytes[1] !== 0x8b);
        expect(containerOf(Buffer.from(bytes))).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });
});
