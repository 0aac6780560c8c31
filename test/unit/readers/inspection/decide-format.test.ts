import { describe, expect, test } from '@jest/globals';
import { decideFormat, type FormatEvidence } from '#readers/inspection/decide-format.js';
import { ascii, fileWith, qcow2File } from './headers.js';

const QCOW2 = qcow2File();
const VDI = fileWith(4096, { 64: Buffer.from('7f10dabe', 'hex') });
const LUKS = fileWith(4096, { 0: ascii('LUKS\xba\xbe') });
const NOISE = fileWith(4096, { 0: ascii('\x90\x90') });
const FIXED_VHD = fileWith(4096, { [4096 - 512]: ascii('conectix') });
const VHDX = fileWith(4096, { 0: ascii('vhdxfile') });
const TEXT = ascii('these are notes\n');
const EMPTY = Buffer.alloc(0);

function decide(path: string, file: Buffer, more: Partial<FormatEvidence> = {}) {
  const ends = { head: file.subarray(0, 4096), tail: file.subarray(-512) };
  return decideFormat({ path, size: file.length, isDevice: false, ends, stated: undefined, statedBy: 'user', ...more });
}

const sure = (format: string) => ({ format, mustBeSelfContained: false });

describe('the format is', () => {
  test.each<[string, string, Buffer, string]>([
    ['that of extension and header if they agree', 'a.qcow2', QCOW2, 'qcow2'],
    ['that of the extension in any case', 'A.QCOW2', QCOW2, 'qcow2'],
    ['qcow2 for its old extension', 'a.qcow', QCOW2, 'qcow2'],
    ['that of a footer if the extension agrees', 'a.vhd', FIXED_VHD, 'vpc'],
    ['that of the extension of a Hyper-V checkpoint', 'a.avhdx', VHDX, 'vhdx'],
    ['that of the extension of an older Hyper-V checkpoint', 'a.avhd', FIXED_VHD, 'vpc'],
    ['raw by its extension', 'a.raw', NOISE, 'raw'],
    ['raw without a known header', 'a.img', NOISE, 'raw'],
    ['raw without an extension', '/images/disk', NOISE, 'raw'],
    ['raw for an encrypted disk', 'a.img', LUKS, 'raw'],
    ['raw for an encrypted disk with the extension .luks', 'a.luks', LUKS, 'raw'],
    ['raw for an encrypted disk with the extension .raw', 'a.raw', LUKS, 'raw'],
    ['raw for text with the extension of an image', 'a.img', TEXT, 'raw'],
    ['raw for an empty file with the extension .raw', 'a.raw', EMPTY, 'raw'],
  ])('%s', (_, path, file, format) => {
    expect(decide(path, file)).toEqual(sure(format));
  });

  test.each(['a.luks', 'a.img', 'a.raw', '/images/disk'])('luks for an encrypted disk with a key: %s', (path) => {
    expect(decide(path, LUKS, { hasKey: true })).toEqual(sure('luks'));
    expect(decide(path, LUKS, { hasKey: true, stated: 'raw' })).toEqual(sure('raw'));
  });

  test('that of the header alone if the file refers to no other file', () => {
    expect(decide('cloud.img', QCOW2)).toEqual({ format: 'qcow2', mustBeSelfContained: true });
    expect(decide('/images/disk', VDI)).toEqual({ format: 'vdi', mustBeSelfContained: true });
  });

  test('that of the header for a device, regardless of its name', () => {
    const onDevice = { isDevice: true };
    expect(decide('/dev/a.vmdk', QCOW2, onDevice)).toEqual({ format: 'qcow2', mustBeSelfContained: true });
    expect(decide('/dev/sda', TEXT, onDevice)).toEqual(sure('raw'));
  });

  test('the given format if the header agrees', () => {
    expect(decide('a.img', QCOW2, { stated: 'qcow2' })).toEqual(sure('qcow2'));
    expect(decide('a.img', FIXED_VHD, { stated: 'vpc' })).toEqual(sure('vpc'));
  });

  test('raw if an overlay declares a protocol driver instead of a format', () => {
    const decideBelowOverlay = (stated: string, isDevice: boolean) =>
      decide('/b/a', NOISE, { stated, isDevice, statedBy: 'overlay' });
    expect(decideBelowOverlay('file', false)).toEqual(sure('raw'));
    expect(decideBelowOverlay('host_device', true)).toEqual(sure('raw'));
    expect(decideBelowOverlay('host_cdrom', true)).toEqual(sure('raw'));
    const refusal = (message: RegExp) =>
      expect.objectContaining({ code: 'refused', message: expect.stringMatching(message) });
    expect(() => decideBelowOverlay('host_device', false)).toThrow(
      refusal(/states host_device, but it is a regular file; .* -F raw/),
    );
    expect(() => decideBelowOverlay('file', true)).toThrow(refusal(/states file, but it is a block device; .* -F raw/));
    expect(() => decide('a.img', NOISE, { stated: 'file' })).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  test.each([QCOW2, VDI, LUKS, NOISE, TEXT, EMPTY])('raw if raw is given', (file) => {
    expect(decide('a.qcow2', file, { stated: 'raw' })).toEqual(sure('raw'));
  });
});

describe('no format is chosen', () => {
  test.each<[string, string, Buffer, string, RegExp]>([
    [
      '.raw with a known header',
      'a.raw',
      QCOW2,
      'refused',
      /name it as `{ path: 'a.raw', format: 'raw' }` or `{ path: 'a.raw', format: 'qcow2' }`$/,
    ],
    [
      'a footer that the name does not match',
      'a.img',
      FIXED_VHD,
      'refused',
      /name it as `{ path: 'a.img', format: 'vpc' }` or `{ path: 'a.img', format: 'raw' }`$/,
    ],
    [
      'an extension without its header',
      'a.qcow2',
      NOISE,
      'corrupt',
      /found no known header; name it as `{ path: 'a.qcow2', format: 'raw' }` if/,
    ],
    [
      'an extension with another header',
      'a.qcow2',
      VDI,
      'refused',
      /says qcow2, .* a vdi header; name it as .*`{ path: 'a.qcow2', format: 'vdi' }`$/,
    ],
    ['an empty file with the extension of a format', 'a.qcow2', EMPTY, 'corrupt', /is empty; expected a qcow2 header/],
    [
      'an empty file with the extension .img',
      'a.img',
      EMPTY,
      'corrupt',
      /is empty.*`{ path: 'a.img', format: 'raw' }` if it is a disk of 0 bytes/,
    ],
  ])('for %s', (_, path, file, code, message) => {
    expect(() => decide(path, file)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  test('for a given format that the header contradicts', () => {
    const contradiction = expect.objectContaining({
      code: 'corrupt',
      message: expect.stringMatching(/expected a qcow2/),
    });
    expect(() => decide('a.img', NOISE, { stated: 'qcow2' })).toThrow(contradiction);
    expect(() => decide('a.img', VDI, { stated: 'qcow2' })).toThrow(contradiction);
    expect(() => decide('a.img', EMPTY, { stated: 'qcow2' })).toThrow(contradiction);
  });

  test('for a given format that does not exist', () => {
    expect(() => decide('a.img', NOISE, { stated: 'nbd' })).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: expect.stringMatching(/unknown format "nbd"; expected one of raw, qcow2/),
      }),
    );
  });

  test('for an ambiguous backing file, and the remedy changes its overlay', () => {
    const inOverlay = { statedBy: 'overlay', reference: '../a.raw', headerPath: '/b/c/top.qcow2' } as const;
    const commands = ['raw', 'qcow2'].map((format) => `rebase -u -F ${format} -b '../a.raw' '/b/c/top.qcow2'`);
    expect(() => decide('/b/a.raw', QCOW2, inOverlay)).toThrow(commands.join(' or qemu-img '));
    expect(() => decide('/b/a.raw', QCOW2, { statedBy: 'overlay' })).toThrow(/-b '\/b\/a\.raw'$/);
  });

  test('for the parent of a VMDK if the parent is no VMDK; its format cannot be given', () => {
    const parent = { stated: 'vmdk', statedBy: 'vmdk-child' } as const;
    const remedy = "; correct parentFileNameHint in the child's descriptor";
    expect(() => decide('a.vmdk', QCOW2, parent)).toThrow(`expected a vmdk header, found a qcow2 header${remedy}`);
    expect(() => decide('a.vmdk', NOISE, parent)).toThrow(`expected a vmdk header, found none${remedy}`);
  });

  test.each<[string, RegExp]>([
    [
      'web-flat.vmdk',
      /part of a VMDK; name the descriptor, usually "web.vmdk", or name it as `{ path: '.*', format: 'raw' }` to/,
    ],
    ['web-s012.vmdk', /part of a VMDK; name the descriptor, usually "web.vmdk"/],
    ['web-ctk.vmdk', /change tracking of a VMDK, without any disk data; name the descriptor, usually "web.vmdk"/],
  ])('for a part of a VMDK without a header, %s', (name, message) => {
    const expected = expect.objectContaining({ code: 'refused', message: expect.stringMatching(message) });
    expect(() => decide(`/images/${name}`, NOISE)).toThrow(expected);
  });

  test('except for a part of a raw disk, which is read with the other parts', () => {
    for (const name of ['disk.img.001', 'disk.raw.000000000', 'disk.002', 'disk.dd.000']) {
      expect(decide(`/images/${name}`, NOISE)).toEqual(sure('split'));
      expect(decide(`/images/${name}`, NOISE, { stated: 'raw' })).toEqual(sure('raw'));
    }
    expect(decide('/images/disk', NOISE, { stated: 'split' })).toEqual(sure('split'));
    const isRefused = expect.objectContaining({ code: 'refused' });
    for (const stated of ['split', undefined]) {
      expect(() => decide('/images/disk.001', NOISE, { stated, statedBy: 'overlay' })).toThrow(isRefused);
    }
    expect(() => decide('/images/disk.img.001', Buffer.from('7z\xbc\xaf\x27\x1c', 'latin1'))).toThrow(isRefused);
  });

  test.each([
    ['disk.vmdk.000000000', QCOW2, 'qcow2'],
    ['disk.vmdk.000000001', NOISE, 'raw'],
    ['disk.img.001', QCOW2, 'qcow2'],
    ['disk.img.002', FIXED_VHD, 'vpc'],
  ])('for a part of a split file, %s, and only possible formats are proposed', (name, file, format) => {
    const foundHeader = format === 'raw' ? '' : `, and it holds a ${format} header`;
    const named = `\`{ path: '/images/${name}', format: '${format}' }\``;
    const message = expect.stringMatching(
      `one part of "disk\\.(?:vmdk|img)"${foundHeader}; join the parts with cat first, or name it as ${named} if it is a complete image$`,
    );
    expect(() => decide(`/images/${name}`, file)).toThrow(expect.objectContaining({ code: 'refused', message }));
    expect(decide(`/images/${name}`, file, { stated: 'raw' })).toEqual(sure('raw'));
    expect(decide(`/dev/${name}`, NOISE, { isDevice: true })).toEqual(sure('raw'));
  });
});
