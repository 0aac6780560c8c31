import { execFileSync } from 'node:child_process';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { decideFormat } from '#readers/inspection/decide-format.js';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';

const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-containers-'));
afterAll(() => rm(directory, { recursive: true }));

await writeFile(join(directory, 'disk.raw'), Buffer.alloc(100_000, '\0disk'));
await writeFile(join(directory, 'random'), deterministicBytes('random', 100_000));

/** Runs a command that writes the file `out`. Returns the first 4096 bytes of the file, or all if it is shorter. */
async function made(command: string, before = 'true'): Promise<Buffer> {
  await rm(join(directory, 'out'), { force: true });
  // mkfs is not in the PATH of every user.
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

describe('an archive, or a compressed or encrypted file, is refused:', () => {
  test.each([
    [
      'xz -c --format=lzma disk.raw > out',
      /compressed by lzma, not a disk image; unpack it with unlzma first, or name it as `{ path: '[^']*', format: 'raw' }` to/,
    ],
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
      (form) => [`tar --format ${form} -cf out disk.raw`, /a tar archive, .* to read the disks in it/] as const,
    ),
  ])('%s', async (command, message) => {
    const file = await made(command);
    for (const name of ['disk.img', 'disk.raw', 'disk.box', 'disk.ova', 'disk', 'disk.qcow2', 'disk.vmdk']) {
      const refusal = expect.objectContaining({ code: 'refused', message: expect.stringMatching(message) });
      expect(() => decide(name, file)).toThrow(refusal);
      expect(decide(name, file, 'raw')).toEqual(raw);
    }
  });
});

describe('a compressed file is recognised', () => {
  test.each([
    ['gzip', 'gzip -c disk.raw > out'],
    ['gzip', 'gzip -cn disk.raw > out'],
    ['gzip', 'tar -czf out disk.raw'],
    ['xz', 'xz -c -0 disk.raw > out'],
    ['xz', 'xz -c --check=none disk.raw > out'],
    ['bzip2', 'bzip2 -c disk.raw > out'],
    ['bzip2', 'bzip2 -c < /dev/null > out'],
    ['zstd', 'zstd -q -c disk.raw > out'],
    ['zstd', 'zstd -q -c --long=31 < disk.raw > out'],
  ])('as %s: %s', async (format, command) => {
    const file = await made(command);
    for (const name of ['disk.img', 'disk.box', 'disk']) {
      expect(decide(name, file)).toEqual({ format, mustBeSelfContained: true });
    }
    for (const name of ['disk.raw', 'disk.qcow2', 'disk.vmdk']) {
      expect(() => decide(name, file)).toThrow(expect.objectContaining({ code: 'refused' }));
      expect(decide(name, file, 'raw')).toEqual(raw);
    }
  });
});

describe('a disk is not mistaken for an archive', () => {
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
  ])('with %s', async (_, command) => {
    const file = await made(command, 'truncate -s 320M out');
    expect(decide('disk.img', file)).toEqual(raw);
    expect(decide('disk.iso', file)).toEqual(raw);
  });
});
