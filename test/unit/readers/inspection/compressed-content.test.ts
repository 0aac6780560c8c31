import { expect, test } from '@jest/globals';
import { requireRawContent } from '#readers/inspection/compressed-content.js';
import type { Compression } from '#readers/inspection/containers.js';
import { FORMAT_NAMES, RAW_FORMAT_NAMES } from '#readers/inspection/format-names.js';
import { requireQemuFormat } from '#readers/inspection/require-qemu-format.js';
import { inspectedImage } from '../../../fixtures/inspected-image.js';
import { ascii, fileWith } from './headers.js';

const NOTHING = Buffer.alloc(0);
const NOISE = Buffer.alloc(4096, '\x01\x80', 'latin1');
const QCOW2 = fileWith(4096, { 0: ascii('QFI\xfb\0\0\0\x03') });
const TAR = fileWith(4096, { 0: ascii('a'), 148: ascii('0000541\0') });

function check(path: string, head: Buffer, tail: Buffer = NOTHING, compression: Compression = 'gzip') {
  return requireRawContent({ head, tail }, { path, compression });
}

test.each(['disk.raw.gz', 'disk.img.gz', 'disk.gz', 'disk', 'disk.img'])('a raw disk in %s is accepted', (path) => {
  expect(check(path, NOISE)).toEqual({ isLuks: false });
  expect(check(path, fileWith(4096, { 0: ascii('LUKS\xba\xbe') }))).toEqual({ isLuks: true });
});

test.each(['disk.raw.gz', 'disk.iso.gz', 'log.gz'])('text in %s is refused once its size rules out a disk', (path) => {
  const head = ascii('text');
  const checked = (size?: number) => requireRawContent({ head, tail: NOTHING }, { path, compression: 'gzip' }, size);
  expect(checked()).toEqual({ isLuks: false });
  expect(checked(512)).toEqual({ isLuks: false });
  expect(() => checked(4)).toThrow(/holds text, not a disk; unpack it with gzip -dc .* first/);
});

test.each<[string, string, Buffer, Compression, string]>([
  ['qcow2', 'a.qcow2.gz', QCOW2, 'gzip', "gzip -dc 'a.qcow2.gz' > 'a.qcow2' first"],
  ['qcow2 without an extension', 'a', QCOW2, 'zstd', "zstd -dc 'a' > 'a.qcow2' first"],
  ['a tar archive', 'vm.box', TAR, 'xz', "xz -dc 'vm.box' > 'vm.box.tar' first"],
  ['a zip archive', 'a.zip.bz2', ascii('PK\x03\x04'), 'bzip2', "bzip2 -dc 'a.zip.bz2' > 'a.zip' first"],
  ['a file compressed by xz', 'a.xz.gz', ascii('\xfd7zXZ\0'), 'gzip', "gzip -dc 'a.xz.gz' > 'a.xz' first"],
])('%s is refused, with the command that unpacks it', (_, path, head, compression, command) => {
  const message = expect.stringContaining(`unpack it with ${command}`);
  expect(() => check(path, head, NOTHING, compression)).toThrow(expect.objectContaining({ code: 'refused', message }));
});

test('a footer at the end is refused', () => {
  const tail = fileWith(512, { 0: ascii('conectix') });
  expect(() => check('disk.img.gz', NOISE, tail)).toThrow(/holds a vpc image/);
});

test('a name of another format is refused, because some formats have their header at the end', () => {
  expect(() => check('disk.qcow2.gz', NOISE)).toThrow(expect.objectContaining({ code: 'refused' }));
});

test('qemu reads only formats of qemu', () => {
  const source = { path: 'disk' };
  for (const format of FORMAT_NAMES) {
    requireQemuFormat(inspectedImage({ format, path: '/disk' }), source, 'qemu');
  }
  for (const format of RAW_FORMAT_NAMES.slice(1)) {
    const usage = expect.objectContaining({ code: 'usage', message: expect.stringContaining("reader: 'raw'") });
    expect(() => requireQemuFormat(inspectedImage({ format, path: '/disk' }), source, 'qemu')).toThrow(usage);
  }
});
