import { describe, expect, test } from '@jest/globals';
import { vmdk } from '#readers/inspection/formats/vmdk.js';
import { cowdExtent, seSparseExtent } from '../../../../fixtures/esxi-disk.js';
import { ascii, bytesOf, fileWith, le16, le32, le64 } from '../headers.js';
import { vmdkDescriptor } from '../sound-headers.js';

const IN_FOOTER = 0xffff_ffff_ffff_ffffn;

interface SparseFields {
  readonly capacity?: number;
  readonly grain?: number;
  readonly descriptorSector?: number;
  readonly entries?: number;
  readonly directory?: number | bigint;
}

function sparseHeader({
  capacity = 2048,
  grain = 128,
  descriptorSector = 1,
  entries = 512,
  directory = 26,
}: SparseFields) {
  return Buffer.concat([
    ascii('KDMV'),
    le32(1, 3),
    le64(capacity, grain, descriptorSector, 20),
    le32(entries),
    le64(21, directory, 128),
    ascii('\0\n \r\n'),
    le16(0),
    Buffer.alloc(433),
  ]);
}

/** The start of the descriptor of a disk with a parent. */
const CHILD = 'CID=0000000a\nparentCID=0000000b\n';

function sparseFile(fields: SparseFields = {}, descriptor = 'CID=0000000a\nparentCID=ffffffff\n'): Buffer {
  return fileWith(65_536, { 0: sparseHeader(fields), 512: ascii(descriptor) });
}

const SOUND = { virtualSize: 1 << 20, contentId: '0000000a' };

const read = (file: Buffer) => vmdk.readHeader(bytesOf(file));

describe('a sparse vmdk extent', () => {
  test('has the virtual size', async () => {
    expect(await read(sparseFile())).toEqual(SOUND);
  });

  test('has the parent in its embedded descriptor, and the expected CID of the parent', async () => {
    expect(await read(sparseFile({}, `${CHILD}parentFileNameHint="base disk.vmdk"\n`))).toEqual({
      ...SOUND,
      backing: { name: 'base disk.vmdk', format: 'vmdk', contentId: '0000000b' },
    });
  });

  test('has a parent even in a descriptor that its header does not refer to', async () => {
    expect(await read(sparseFile({ descriptorSector: 0 }, `${CHILD}xparentFileNameHint="/etc/passwd"`))).toMatchObject({
      backing: { name: '/etc/passwd' },
    });
  });

  test('has no parent if the hint is empty', async () => {
    expect(await read(sparseFile({}, 'CID=a\nparentFileNameHint=""'))).toEqual(SOUND);
  });

  test('has no parent if its hint follows a NUL', async () => {
    expect(await read(sparseFile({}, 'CID=a\r\n\0parentFileNameHint="x"'))).toEqual(SOUND);
  });

  test.each([
    ['of ESX', fileWith(65_536, { 0: Buffer.concat([ascii('COWD'), le32(1, 3, 2048, 1, 4, 1)]) })],
    ['of a split disk', sparseFile({}, '')],
    ['of ESXi', seSparseExtent(1 << 20, [])],
  ])('%s without a descriptor is a part of a disk', async (_, file) => {
    await expect(read(file)).rejects.toMatchObject({
      code: 'refused',
      message: 'it is a part of a VMDK; name the descriptor, a small text file beside it',
    });
    await expect(vmdk.readHeader({ ...bytesOf(file), name: 'web-s001.vmdk' })).rejects.toMatchObject({
      message: 'it is a part of a VMDK; name the descriptor, usually "web.vmdk"',
    });
  });

  test.each<[string, string, string, RegExp]>([
    ['parentCID before CID', 'parentCID=b\nCID=a\n', 'refused', /mentions CID outside a field/],
    ['an invalid CID', 'CID=many\n', 'corrupt', /has the CID "many"; expected up to 8 hexadecimal/],
    ['a CID without a value', 'CID', 'refused', /mentions CID outside a field of that name/],
    ['a parent without a name', CHILD, 'corrupt', /snapshot of a disk \(parentCID 0000000b\).* add its parentFile/],
    ['a parent without a CID', 'CID=a\nparentFileNameHint="x.vmdk"', 'corrupt', /names a parent, "x.vmdk", but/],
  ])('whose descriptor has %s is refused', async (_, descriptor, code, message) => {
    await expect(read(sparseFile({}, descriptor))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test('has its directory in a footer that matches the header', async () => {
    const footer = sparseHeader({});
    const pieces = { 0: sparseHeader({ directory: IN_FOOTER }), 512: ascii('CID=fffffffe\n') };
    const file = fileWith(65_536, { ...pieces, [65_536 - 1024]: footer });
    expect(await read(file)).toEqual({ ...SOUND, contentId: 'fffffffe' });
  });

  test.each<[string, Buffer, string, RegExp]>([
    ['refers to other files', sparseFile({ capacity: 0 }), 'refused', /refers to other files/],
    ['has its descriptor elsewhere', sparseFile({ descriptorSector: 7 }), 'refused', /sector 7/],
    [
      'has a parent that cannot be read',
      sparseFile({}, `${CHILD}parentFileNameHint=x`),
      'refused',
      /parentFileNameHint/,
    ],
    ['has no grains', sparseFile({ grain: 0 }), 'corrupt', /grains of 0/],
    ['has no tables', sparseFile({ entries: 0 }), 'corrupt', /tables of 0/],
    ['has its directory past the end', sparseFile({ directory: 128 }), 'corrupt', /grain directory/],
    [
      'has a directory that is too long',
      sparseFile({ capacity: 2 ** 40, grain: 1, entries: 1 }),
      'corrupt',
      /directory has 4398046511104 bytes; expected at most 33554432/,
    ],
    ['is truncated', sparseFile().subarray(0, 100), 'corrupt', /header ends at byte 512/],
    ['is too short for a footer', sparseFile({ directory: IN_FOOTER }).subarray(0, 774), 'corrupt', /footer/],
    ['has no footer at its position', sparseFile({ directory: IN_FOOTER }), 'refused', /footer/],
    [
      'has a footer with another size',
      fileWith(4096, { 0: sparseHeader({ directory: IN_FOOTER }), 3072: sparseHeader({ capacity: 0, directory: 1 }) }),
      'refused',
      /footer/,
    ],
    [
      'has a footer that refers to another footer',
      fileWith(4096, {
        0: sparseHeader({ directory: IN_FOOTER }),
        3072: sparseHeader({ directory: IN_FOOTER }),
      }),
      'refused',
      /footer/,
    ],
    [
      'is of ESX and has its directory past the end',
      fileWith(512, { 0: Buffer.concat([ascii('COWD'), le32(1, 3, 2048, 1, 4, 1)]) }),
      'corrupt',
      /grain directory/,
    ],
    [
      'is of ESX and has no sectors',
      fileWith(65_536, { 0: Buffer.concat([ascii('COWD'), le32(1, 3, 0, 1, 4, 0)]) }),
      'corrupt',
      /an extent of 0 sectors/,
    ],
    [
      'is of ESX and has grains of no sectors',
      fileWith(65_536, { 0: Buffer.concat([ascii('COWD'), le32(1, 3, 2048, 0, 4, 1)]) }),
      'corrupt',
      /in grains of 0 sectors/,
    ],
    [
      'is of ESX and has a directory for a smaller disk',
      fileWith(65_536, { 0: Buffer.concat([ascii('COWD'), le32(1, 3, 4097, 1, 4, 1)]) }),
      'corrupt',
      /grain directory has 1 entries for 4096 sectors each; expected enough for 4097 sectors/,
    ],
  ])('that %s is refused', async (_, file, code, message) => {
    await expect(read(file)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

describe('the grain tables of vmdk', () => {
  const DIRECTORY = 26 * 512;
  const lastTable = (65_536 - 2048) / 512;

  function requireTables(entry: number, file = sparseFile()): Promise<void> {
    le32(entry).copy(file, DIRECTORY);
    return vmdk.requireTables!(bytesOf(file));
  }

  test('can be missing, or end with the file', async () => {
    await expect(requireTables(0)).resolves.toBeUndefined();
    await expect(requireTables(lastTable)).resolves.toBeUndefined();
  });

  test('are corrupt if a table is past the end of the file', async () => {
    await expect(requireTables(lastTable + 1)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('its grain table ends at byte 66048, but the file has only 65536 bytes'),
    });
  });

  test('of ESX are longer', async () => {
    const file = () => fileWith(65_536, { 0: Buffer.concat([ascii('COWD'), le32(1, 3, 2048, 1, 26, 1)]) });
    await expect(requireTables((65_536 - 16_384) / 512, file())).resolves.toBeUndefined();
    await expect(requireTables((65_536 - 16_384) / 512 + 1, file())).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('do not exist in a descriptor', async () => {
    await expect(vmdk.requireTables!(bytesOf(vmdkDescriptor('RW 1 FLAT "x" 0')))).resolves.toBeUndefined();
  });
});

describe('a vmdk descriptor', () => {
  test('has the size and the files of its extents in order', async () => {
    const header = await read(
      vmdkDescriptor('RW 2048 FLAT "a b-f001.vmdk" 0', 'RW 1024 SPARSE "s002.vmdk"', 'ddb.x = "1"'),
    );
    expect(header.virtualSize).toBe(3072 * 512);
    expect(header.extents?.map(({ name }) => name)).toEqual(['a b-f001.vmdk', 's002.vmdk']);
  });

  test('has all fields that another descriptor of the same disk needs', async () => {
    const lines = [
      ...['CID=1A', 'createType="vmfsSparse"', 'RW 2048 FLAT "a" 7', 'RW 1 VMFS "b"', 'RW 2 VMFS "c" 9'],
      ...['RW 3 SPARSE "d"', 'RW 4 VMFSSPARSE "e"', 'RW 5 SESPARSE "f"'],
    ];
    expect((await read(vmdkDescriptor(...lines))).descriptor).toEqual({
      cid: '0000001a',
      parentCid: 'ffffffff',
      createType: 'vmfsSparse',
      extents: [
        { kind: 'FLAT', sectors: 2048n, first: 7n },
        { kind: 'VMFS', sectors: 1n, first: 0n },
        { kind: 'VMFS', sectors: 2n, first: 9n },
        { kind: 'SPARSE', sectors: 3n, first: 0n },
        { kind: 'VMFSSPARSE', sectors: 4n, first: 0n },
        { kind: 'SESPARSE', sectors: 5n, first: 0n },
      ],
    });
  });

  test.each([
    ['a blank line before the first of its extents', '', 'RW 1 FLAT "x" 0'],
    ['a line of blanks', ' \t', 'RW 1 FLAT "x" 0'],
    ['a comment and irrelevant fields', '# Extent description', 'isNativeSnapshot="no"', 'RW 1 FLAT "x" 0'],
    ['blanks around a value', 'CID=  a \t', 'RW 1 FLAT "x" 0'],
    ['an unquoted value', 'encoding = UTF-8', 'RW 1 FLAT "x" 0'],
    ['a disk database with quotes in quotes', 'RW 1 FLAT "x" 0', 'ddb.comment = "a "b" c"'],
  ])('can have %s', async (_, ...lines) => {
    const header = await read(vmdkDescriptor(...lines));
    expect(header).toMatchObject({ virtualSize: 512, extents: [{ name: 'x' }] });
  });

  test.each([
    '# Disk Descriptor File\nversion=1\n',
    '#disk descriptorfile\r\nversion=1\r\n',
    '\xef\xbb\xbf# Disk DescriptorFile\nversion=1\n',
    '\n# made by hand\n \nversion = 3\n',
    'version=2\r\n',
  ])('can start with %j', async (beginning) => {
    const whole = vmdkDescriptor('RW 1 FLAT "x" 0').toString('latin1');
    const file = ascii(whole.replace('# Disk DescriptorFile\nversion=1\n', beginning));
    expect(vmdk.recognize({ head: file, tail: file })).toBe('head');
    expect((await read(file)).virtualSize).toBe(512);
  });

  test.each(['# made by hand\n', 'version=4\n', 'conversion=1\n', '#!/bin/sh\nversion=1', ''])(
    'does not start with %j',
    (beginning) => {
      expect(vmdk.recognize({ head: ascii(beginning), tail: ascii(beginning) })).toBeUndefined();
    },
  );

  test.each(['CID=', 'parentCID=', 'createType='])('without %s is refused', async (field) => {
    const text = vmdkDescriptor('RW 1 FLAT "x" 0').toString('latin1');
    const file = ascii(
      text
        .split('\n')
        .filter((line) => !line.startsWith(field))
        .join('\n'),
    );
    await expect(read(file)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining(`its vmdk descriptor has no ${field.slice(0, -1)}`),
    });
  });

  test('that is too long is refused', async () => {
    const file = Buffer.concat([vmdkDescriptor('RW 1 FLAT "x" 0'), Buffer.alloc(1024 * 1024, '#')]);
    await expect(read(file)).rejects.toMatchObject({ code: 'corrupt', message: expect.stringMatching(/more than/) });
  });

  test('with long lines is refused in time, with a short message', async () => {
    const blanks = ' '.repeat(300_000);
    await expect(read(vmdkDescriptor(`x=${blanks}"`, `RW 1 FLAT "x"${blanks}0${blanks}x`))).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/^.{1,300}$/),
    });
  });

  test('can have indented extents and CRLF line endings', async () => {
    const header = await read(vmdkDescriptor(' \tRW 1 FLAT "x" 0\r'));
    expect(header.extents?.map(({ name }) => name)).toEqual(['x']);
  });

  test('can name files in bytes that are not UTF-8', async () => {
    const header = await read(vmdkDescriptor('parentCID=b', 'parentFileNameHint="base\xff"', 'RW 1 FLAT "\xe9" 0'));
    expect(header).toMatchObject({ backing: { name: 'base\udcff' }, extents: [{ name: '\udce9' }] });
  });

  test('has its parent', async () => {
    const header = await read(vmdkDescriptor('parentCID=B', 'parentFileNameHint="base.vmdk"', 'RW 1 FLAT "x" 0'));
    expect(header.backing).toEqual({ name: 'base.vmdk', format: 'vmdk', contentId: '0000000b' });
  });

  test.each<[string, string, string, RegExp]>([
    ['lists no extents', 'ddb.x = "1"', 'corrupt', /no extents/],
    ['has an invalid number of sectors', 'RW many FLAT "x" 0', 'corrupt', /invalid extent/],
    ['has an extent without a file', 'RW 1 FLAT', 'corrupt', /invalid extent/],
    ['has an extent over several lines', 'RW\n1 FLAT "x" 0', 'corrupt', /invalid extent/],
    ['has a name that qemu would cut at a carriage return', 'RW 1 SPARSE "x\ry"', 'corrupt', /invalid extent/],
    ['has a name that qemu would cut for its length', `RW 1 SPARSE "${'x'.repeat(512)}"`, 'corrupt', /invalid extent/],
    ['has an extent without sectors', 'RW 0 FLAT "x" 0', 'corrupt', /invalid extent/],
    ['has a flat extent without a first sector', 'RW 1 FLAT "x"', 'corrupt', /first sector at its end/],
    ['has a sparse extent with a first sector', 'RW 1 SPARSE "x" 0', 'corrupt', /expected no first sector/],
    [
      'has a line that is not recognised',
      'RW 1 FLAT "x" 0\nrw 1 FLAT "y" 0',
      'refused',
      /line that cannot be understood/,
    ],
    ['has a value with too many quotes', 'CID="a"b"\nRW 1 FLAT "x" 0', 'refused', /line that cannot be understood/],
    ['has a field twice', 'parentCID=a\nparentcid=b\nRW 1 FLAT "x" 0', 'refused', /has parentcid twice/],
    ['has an invalid CID', 'CID=-1\nRW 1 FLAT "x" 0', 'corrupt', /the CID "-1"/],
    ['has another createType', 'createType="fullDevice"\nRW 1 FLAT "x" 0', 'refused', /createType "fullDevice"/],
    ['has an extent of zeros', 'RW 1 ZERO "x"', 'refused', /RW ZERO/],
    ['has a read-only extent', 'RDONLY 1 FLAT "x" 0', 'refused', /RDONLY FLAT/],
  ])('that %s is refused', async (_, line, code, message) => {
    await expect(read(vmdkDescriptor(line))).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('at the start of a large disk is read as far as qemu reads it', async () => {
    const file = Buffer.concat([vmdkDescriptor('RW 1 FLAT "x" 0'), Buffer.alloc(1024 * 1024)]);
    expect(await read(file)).toMatchObject({ virtualSize: 512, extents: [{ name: 'x' }] });
  });
});

describe('an extent file', () => {
  async function check(line: string, file: Buffer): Promise<void> {
    const { extents } = await read(vmdkDescriptor(line));
    await extents![0]!.check(bytesOf(file));
  }

  test('that is flat must contain all its sectors', async () => {
    await check('RW 3 FLAT "x" 2', Buffer.alloc(2560));
    await expect(check('RW 3 FLAT "x" 2', Buffer.alloc(2559))).rejects.toMatchObject({ code: 'corrupt' });
    await check('RW 3 VMFS "x"', Buffer.alloc(1536));
  });

  test('that is sparse must have a header with the same size', async () => {
    await check('RW 2048 SPARSE "x"', sparseFile());
    await expect(check('RW 2049 SPARSE "x"', sparseFile())).rejects.toMatchObject({ code: 'corrupt' });
    await expect(check('RW 2047 SPARSE "x"', sparseFile())).rejects.toMatchObject({ code: 'corrupt' });
    await expect(check('RW 2048 SPARSE "x"', Buffer.alloc(1024))).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('that is sparse must contain its grain tables', async () => {
    const file = sparseFile();
    le32(128).copy(file, 26 * 512);
    await expect(check('RW 2048 SPARSE "x"', file)).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('that is sparse must not refer to other files', async () => {
    await expect(check('RW 2048 SPARSE "x"', sparseFile({ capacity: 0 }))).rejects.toMatchObject({ code: 'refused' });
  });

  test('must be of the kind that the descriptor declares', async () => {
    await check('RW 2048 SPARSE "x"', cowdExtent(1 << 20, []));
    await check('RW 2048 VMFSSPARSE "x"', cowdExtent(1 << 20, []));
    await check('RW 2048 SESPARSE "x"', seSparseExtent(1 << 20, []));
    await expect(check('RW 2048 SESPARSE "x"', cowdExtent(1 << 20, []))).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('it is a SPARSE or VMFSSPARSE extent; the vmdk descriptor says SESPARSE'),
    });
    await expect(check('RW 2048 SPARSE "x"', seSparseExtent(1 << 20, []))).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('it is a SESPARSE extent; the vmdk descriptor says SPARSE'),
    });
  });
});
