import { describe, expect, test } from '@jest/globals';
import { vmdk } from '#readers/inspection/formats/vmdk.js';
import { ascii, bytesOf, fileWith, le16, le32, le64 } from '../headers.js';

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

function sparseFile(fields: SparseFields = {}, descriptor = ''): Buffer {
  return fileWith(65_536, { 0: sparseHeader(fields), 512: ascii(descriptor) });
}

function textFile(...lines: readonly string[]): Buffer {
  return ascii(['# Disk DescriptorFile', 'version=1', ...lines, ''].join('\n'));
}

const read = (file: Buffer) => vmdk.readHeader(bytesOf(file));

describe('a sparse vmdk extent', () => {
  test('tells the virtual size', async () => {
    expect(await read(sparseFile())).toEqual({ virtualSize: 1 << 20 });
  });

  test('tells its parent from the embedded descriptor', async () => {
    expect(await read(sparseFile({}, 'parentFileNameHint="base disk.vmdk"\n'))).toMatchObject({
      backing: { name: 'base disk.vmdk' },
    });
  });

  test('tells a parent that stands where its header does not look', async () => {
    expect(await read(sparseFile({ descriptorSector: 0 }, 'xparentFileNameHint="/etc/passwd"'))).toMatchObject({
      backing: { name: '/etc/passwd' },
    });
  });

  test('has no parent where the hint is empty', async () => {
    expect(await read(sparseFile({}, 'parentFileNameHint=""'))).toEqual({ virtualSize: 1 << 20 });
  });

  test('has no parent behind a NUL', async () => {
    expect(await read(sparseFile({}, '\0parentFileNameHint="x"'))).toEqual({ virtualSize: 1 << 20 });
  });

  test('of ESX tells the virtual size', async () => {
    const file = fileWith(65_536, { 0: Buffer.concat([ascii('COWD'), le32(1, 3, 2048, 1, 4, 1)]) });
    expect(await read(file)).toEqual({ virtualSize: 1 << 20 });
  });

  test('finds its directory by a footer that agrees with the header', async () => {
    const footer = sparseHeader({});
    const file = fileWith(65_536, { 0: sparseHeader({ directory: IN_FOOTER }), [65_536 - 1024]: footer });
    expect(await read(file)).toEqual({ virtualSize: 1 << 20 });
  });

  test.each<[string, Buffer, string, RegExp]>([
    ['leads to other files', sparseFile({ capacity: 0 }), 'refused', /leads to other files/],
    ['has its descriptor elsewhere', sparseFile({ descriptorSector: 7 }), 'refused', /sector 7/],
    ['has a parent that cannot be read', sparseFile({}, 'parentFileNameHint=x'), 'refused', /parentFileNameHint/],
    ['has no grains', sparseFile({ grain: 0 }), 'corrupt', /grains of 0/],
    ['has no tables', sparseFile({ entries: 0 }), 'corrupt', /tables of 0/],
    ['has its directory past the end', sparseFile({ directory: 128 }), 'corrupt', /grain directory/],
    [
      'has a directory that is too long',
      sparseFile({ capacity: 2 ** 40, grain: 1, entries: 1 }),
      'corrupt',
      /directory has 4398046511104 bytes; expected at most 33554432/,
    ],
    ['is cut short', sparseFile().subarray(0, 100), 'corrupt', /header ends at byte 512/],
    ['is too short for a footer', sparseFile({ directory: IN_FOOTER }).subarray(0, 774), 'corrupt', /footer/],
    ['has no footer where it should', sparseFile({ directory: IN_FOOTER }), 'refused', /footer/],
    [
      'has a footer that says another size',
      fileWith(4096, { 0: sparseHeader({ directory: IN_FOOTER }), 3072: sparseHeader({ capacity: 0, directory: 1 }) }),
      'refused',
      /footer/,
    ],
    [
      'has a footer that leads to a footer',
      fileWith(4096, {
        0: sparseHeader({ directory: IN_FOOTER }),
        3072: sparseHeader({ directory: IN_FOOTER }),
      }),
      'refused',
      /footer/,
    ],
    [
      'of ESX has its directory past the end',
      fileWith(512, { 0: Buffer.concat([ascii('COWD'), le32(1, 3, 2048, 1, 4, 1)]) }),
      'corrupt',
      /grain directory/,
    ],
  ])('that %s is not read', async (_, file, code, message) => {
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

  test('may be missing, or end with the file', async () => {
    await expect(requireTables(0)).resolves.toBeUndefined();
    await expect(requireTables(lastTable)).resolves.toBeUndefined();
  });

  test('are corrupt where one lies past the end of the file', async () => {
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

  test('are none of a descriptor', async () => {
    await expect(vmdk.requireTables!(bytesOf(textFile('RW 1 FLAT "x"')))).resolves.toBeUndefined();
  });
});

describe('a vmdk descriptor', () => {
  test('tells the size and the files of its extents in order', async () => {
    const header = await read(textFile('RW 2048 FLAT "a b-f001.vmdk" 0', 'RW 1024 SPARSE "s002.vmdk"', 'ddb.x = "1"'));
    expect(header.virtualSize).toBe(3072 * 512);
    expect(header.extents?.map(({ name }) => name)).toEqual(['a b-f001.vmdk', 's002.vmdk']);
  });

  test('may indent its extents and end its lines as Windows does', async () => {
    const header = await read(textFile(' \tRW 1 FLAT "x" 0\r'));
    expect(header.extents?.map(({ name }) => name)).toEqual(['x']);
  });

  test('may name files in bytes that are not UTF-8', async () => {
    const header = await read(textFile('parentFileNameHint="base\xff"', 'RW 1 FLAT "\xe9"'));
    expect(header).toMatchObject({ backing: { name: 'base\udcff' }, extents: [{ name: '\udce9' }] });
  });

  test('tells its parent', async () => {
    const header = await read(textFile('parentFileNameHint="base.vmdk"', 'RW 1 FLAT "x"'));
    expect(header.backing).toEqual({ name: 'base.vmdk' });
  });

  test.each<[string, string, string, RegExp]>([
    ['lists no extents', 'ddb.x = "1"', 'corrupt', /no extents/],
    ['has a crooked extent', 'RW many FLAT "x"', 'corrupt', /cannot be read/],
    ['has an extent without file', 'RW 1 FLAT', 'corrupt', /cannot be read/],
    ['has an extent that runs over lines', 'RW\n1 FLAT "x"', 'corrupt', /cannot be read/],
    ['has a name that qemu would cut at a return', 'RW 1 SPARSE "x\ry"', 'corrupt', /cannot be read/],
    ['has a name that qemu would cut for its length', `RW 1 SPARSE "${'x'.repeat(512)}"`, 'corrupt', /cannot be read/],
    ['has an extent of zeros', 'RW 1 ZERO "x"', 'refused', /RW ZERO/],
    ['has an extent that is not for writing', 'RDONLY 1 FLAT "x"', 'refused', /RDONLY FLAT/],
  ])('that %s is not read', async (_, line, code, message) => {
    await expect(read(textFile(line))).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('at the beginning of a large disk is read as far as qemu reads it', async () => {
    const file = Buffer.concat([textFile('RW 1 FLAT "x"'), Buffer.alloc(1024 * 1024)]);
    expect(await read(file)).toMatchObject({ virtualSize: 512, extents: [{ name: 'x' }] });
  });
});

describe('an extent file', () => {
  async function check(line: string, file: Buffer): Promise<void> {
    const { extents } = await read(textFile(line));
    await extents![0]!.check(bytesOf(file));
  }

  test('that is flat must hold all its sectors from the first on', async () => {
    await check('RW 3 FLAT "x" 2', Buffer.alloc(2560));
    await expect(check('RW 3 FLAT "x" 2', Buffer.alloc(2559))).rejects.toMatchObject({ code: 'corrupt' });
    await check('RW 3 VMFS "x"', Buffer.alloc(1536));
  });

  test('that is sparse must have a header of at least its size', async () => {
    await check('RW 2048 SPARSE "x"', sparseFile());
    await expect(check('RW 2049 SPARSE "x"', sparseFile())).rejects.toMatchObject({ code: 'corrupt' });
    await expect(check('RW 2048 SPARSE "x"', Buffer.alloc(1024))).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('that is sparse must hold its grain tables', async () => {
    const file = sparseFile();
    le32(128).copy(file, 26 * 512);
    await expect(check('RW 2048 SPARSE "x"', file)).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('that is sparse must not lead to other files', async () => {
    await expect(check('RW 2048 SPARSE "x"', sparseFile({ capacity: 0 }))).rejects.toMatchObject({ code: 'refused' });
  });
});
