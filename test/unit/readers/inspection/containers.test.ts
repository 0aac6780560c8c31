import { execFileSync } from 'node:child_process';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { containerOf } from '#readers/inspection/containers.js';
import { decideFormat } from '#readers/inspection/decide-format.js';
import { deterministicBytes } from '../../../fixtures/deterministic-bytes.js';
import { ascii, fileWith, le32, le64 } from './headers.js';

const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-containers-'));
afterAll(() => rm(directory, { recursive: true }));

await writeFile(join(directory, 'disk.raw'), Buffer.alloc(100_000, 'disk '));
await writeFile(join(directory, 'random'), deterministicBytes('random', 100_000));

/** The beginning of what a program makes in the directory, as `out`. */
async function made(command: string, before = 'true'): Promise<Buffer> {
  await rm(join(directory, 'out'), { force: true });
  // Makers of file systems are not in the PATH of an ordinary user.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  execFileSync('bash', ['-c', `${before} && ${command}`], { cwd: directory, env });
  const file = await open(join(directory, 'out'));
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function decide(path: string, file: Buffer, stated?: string) {
  const ends = { head: file.subarray(0, 4096), tail: file.subarray(-512) };
  return decideFormat({ path, size: file.length, isDevice: false, ends, stated, statedBy: 'user' });
}

const raw = { format: 'raw', mustBeSelfContained: false };

describe('what a program packs is no disk image', () => {
  test.each([
    [
      'gzip -c disk.raw > out',
      /compressed by gzip, not a disk image; unpack it with gunzip first, or name it as `{ path: '[^']*', format: 'raw' }` to/,
    ],
    ['gzip -cn disk.raw > out', /compressed by gzip/],
    ['xz -c -0 disk.raw > out', /compressed by xz.*unxz/],
    ['xz -c --check=none disk.raw > out', /compressed by xz/],
    ['xz -c --format=lzma disk.raw > out', /compressed by lzma.*unlzma/],
    ['xz -c --format=lzma -9 disk.raw > out', /compressed by lzma/],
    ['xz -c --format=lzma --lzma1=lc=0,lp=2 disk.raw > out', /compressed by lzma/],
    ['xz -c --format=lzma --lzma1=lc=4,pb=0,dict=3MiB disk.raw > out', /compressed by lzma/],
    ...[1, 6, 9].map(
      (level) =>
        [
          `python3 -c 'import sys, zlib; sys.stdout.buffer.write(zlib.compress(sys.stdin.buffer.read(), ${level}))' < random > out`,
          /compressed by zlib/,
        ] as const,
    ),
    ['openssl enc -aes-256-cbc -pbkdf2 -k secret -in disk.raw -out out', /encrypted by OpenSSL.*openssl enc -d/],
    ['bzip2 -c disk.raw > out', /compressed by bzip2.*bunzip2/],
    ['bzip2 -c < /dev/null > out', /compressed by bzip2/],
    ['zstd -q -c disk.raw > out', /compressed by zstd.*unzstd/],
    ['lz4 -q -c disk.raw > out', /compressed by lz4.*unlz4/],
    ['lzip -c disk.raw > out', /compressed by lzip/],
    ['lzop -c disk.raw > out', /compressed by lzop/],
    ['compress -c disk.raw > out', /compressed by compress/],
    ['python3 -m zipfile -c out disk.raw', /a zip archive.*unzip/],
    ['7z a -t7z out disk.raw > log && mv out.7z out', /a 7z archive/],
    ['ar q out disk.raw 2> log', /an ar archive/],
    ...['newc', 'crc', 'odc', 'bin', 'hpbin'].map(
      (form) => [`cpio -o -H ${form} > out <<< disk.raw 2> log`, /a cpio archive/] as const,
    ),
    ...['v7', 'ustar', 'oldgnu', 'gnu', 'pax'].map(
      (form) => [`tar --format ${form} -cf out disk.raw`, /a tar archive, .* tar -xf/] as const,
    ),
    ['tar -czf out disk.raw', /compressed by gzip/],
  ])('%s', async (command, message) => {
    const file = await made(command);
    for (const name of ['disk.img', 'disk.raw', 'disk.box', 'disk.ova', 'disk', 'disk.qcow2', 'disk.vmdk']) {
      const refusal = expect.objectContaining({ code: 'refused', message: expect.stringMatching(message) });
      expect(() => decide(name, file)).toThrow(refusal);
      expect(decide(name, file, 'raw')).toEqual(raw);
    }
  });
});

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

  test.each([
    ['GPT', 'sfdisk -q out <<< "label: gpt\n,,L"'],
    ['MBR', 'sfdisk -q out <<< "label: dos\n,,L,*"'],
    ['ext4', 'mkfs.ext4 -q out'],
    ['ext2', 'mkfs.ext2 -q out'],
    ['xfs', 'mkfs.xfs -q out'],
    ['btrfs', 'mkfs.btrfs -q out'],
    ['FAT', 'mkfs.vfat out > log'],
    ['NTFS', 'mkfs.ntfs -q -F out > log 2>&1'],
    ['swap', 'mkswap -q out'],
    ['ISO 9660', 'genisoimage -quiet -o out disk.raw'],
    ['a hybrid ISO 9660', 'xorrisofs -quiet -o out disk.raw'],
    ['squashfs', 'mksquashfs disk.raw out -noappend -quiet -no-progress > log'],
  ])('made as %s', async (_, command) => {
    const file = await made(command, 'truncate -s 320M out');
    expect(decide('disk.img', file)).toEqual(raw);
    expect(decide('disk.iso', file)).toEqual(raw);
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
