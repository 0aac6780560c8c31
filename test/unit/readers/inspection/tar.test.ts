import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HeaderError } from '#readers/inspection/header-error.js';
import { isTarHeader, tarFiles } from '#readers/inspection/tar.js';
import { paxHeader, paxRecord, type TarMember, tarArchive, tarMember } from '../../../fixtures/tar-archive.js';
import { bytesOf } from './headers.js';

const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-tar-'));
afterAll(() => rm(directory, { recursive: true }));

const CONTENT = Buffer.from('content of a disk');
const FILE: TarMember = { name: 'disk.img', content: CONTENT };

/** Returns the names and contents of the files in an archive. */
async function filesIn(archive: Buffer): Promise<[name: string, content: string][]> {
  const files = await tarFiles(bytesOf(archive));
  return files.map(({ name, offset, length }) => [name, archive.toString('latin1', offset, offset + length)]);
}

const corrupt = (message: RegExp) =>
  expect.objectContaining({ code: 'corrupt', message: expect.stringMatching(message) });
const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'refused', message: expect.stringMatching(message) });

describe('an archive that GNU tar writes', () => {
  const long = `${'directory/'.repeat(9)}${'long'.repeat(20)}.img`;

  test.each(['v7', 'ustar', 'oldgnu', 'gnu', 'pax'])('in the form %s has its files', async (form) => {
    const commands = [
      'mkdir -p in/deep; cd in; printf one > a.img; printf two > deep/b.img; head -c 100000 /dev/zero > c.img',
      'ln -s a.img link.img; ln a.img hard.img; mkdir empty.img',
      `tar --format ${form} -cf ../${form}.tar a.img deep c.img link.img hard.img empty.img`,
    ];
    execFileSync('bash', ['-e', '-c', `rm -rf in; ${commands.join('; ')}`], { cwd: directory });
    expect(await filesIn(await readFile(join(directory, `${form}.tar`)))).toEqual([
      ['a.img', 'one'],
      ['deep/b.img', 'two'],
      ['c.img', '\0'.repeat(100_000)],
    ]);
  });

  test.each(['ustar', 'oldgnu', 'gnu', 'pax'])('in the form %s has long names', async (form) => {
    const [name, path] = form === 'ustar' ? [long.slice(0, 140), `${form}-long`] : [long, `${form}-long`];
    const script = `mkdir -p "${path}/$(dirname "$1")"; printf x > "${path}/$1"; tar --format ${form} -C ${path} -cf ${path}.tar "$1"`;
    execFileSync('bash', ['-c', script, 'bash', name], { cwd: directory });
    expect(await filesIn(await readFile(join(directory, `${path}.tar`)))).toEqual([[name, 'x']]);
  });

  test.each(['gnu', 'pax'])('in the form %s with holes left out is refused', async (form) => {
    await writeFile(join(directory, 'sparse.img'), 'x');
    await truncate(join(directory, 'sparse.img'), 2 ** 22);
    execFileSync('tar', ['--format', form, '-cSf', `sparse-${form}.tar`, 'sparse.img'], { cwd: directory });
    await expect(filesIn(await readFile(join(directory, `sparse-${form}.tar`)))).rejects.toEqual(
      refused(/without its holes; unpack it with tar -xf 'image', and name its disks$/),
    );
  });
});

describe('the files of an archive', () => {
  test('have the names and lengths in their headers, and the positions of their content', async () => {
    const archive = tarArchive(FILE, { name: 'empty' }, { ...FILE, name: 'last', prefix: 'a/b' });
    expect(await tarFiles(bytesOf(archive))).toEqual([
      { name: 'disk.img', offset: 512, length: 17 },
      { name: 'empty', offset: 1536, length: 0 },
      { name: 'a/b/last', offset: 2048, length: 17 },
    ]);
  });

  test('have a prefix only in archives of the form ustar', async () => {
    expect(await filesIn(tarArchive({ ...FILE, prefix: 'a', magic: 'ustar  \0' }))).toEqual([
      ['disk.img', CONTENT.toString()],
    ]);
  });

  test('can have names of 100 bytes, which have no NUL at their end', async () => {
    const name = 'n'.repeat(100);
    expect(await filesIn(tarArchive({ ...FILE, name }))).toEqual([[name, CONTENT.toString()]]);
  });

  test.each(['../../etc/passwd', '/dev/sda', 'a\u001b[31m\nb.img', 'caf\u00e9'])(
    'can have any name, such as %j',
    async (name) => {
      expect(await filesIn(tarArchive({ ...FILE, name }))).toEqual([[name, CONTENT.toString()]]);
    },
  );

  test('end at two blocks of zeros, or at the end of the file', async () => {
    const whole = tarArchive(FILE);
    expect(await filesIn(Buffer.concat([whole, tarMember(FILE)]))).toHaveLength(1);
    expect(await filesIn(whole.subarray(0, 1024))).toHaveLength(1);
    expect(await filesIn(Buffer.alloc(0))).toEqual([]);
  });

  test('include the file in which a truncated archive ends', async () => {
    const archive = tarArchive({ ...FILE, size: '00001000000' });
    expect(await tarFiles(bytesOf(archive))).toEqual([{ name: 'disk.img', offset: 512, length: 2 ** 18 }]);
  });

  test('have binary sizes if they have 8 GiB or more', async () => {
    const size = `\x80\0\0\0\0\0\0\x10\0\0\0\0`;
    expect(await tarFiles(bytesOf(tarArchive({ ...FILE, size })))).toEqual([
      { name: 'disk.img', offset: 512, length: 2 ** 36 },
    ]);
  });

  test.each(['', '        21\0', '21\0', '00000000021', '       21 \0'])('can have the size %j', async (size) => {
    const content = CONTENT.subarray(0, size === '' ? 0 : 17);
    expect(await filesIn(tarArchive({ ...FILE, size, content }))).toEqual([['disk.img', content.toString()]]);
  });

  test('do not include links, devices, directories or FIFOs, regardless of their size', async () => {
    const others = ['1', '2', '3', '4', '5', '6'].map((type) => tarMember({ name: 'x.img', type, size: '777' }));
    const old = tarMember({ name: 'old/', type: '\0' });
    expect(await filesIn(Buffer.concat([...others, old, tarArchive(FILE)]))).toHaveLength(1);
  });

  test('do not include members of unknown types, whose content is skipped', async () => {
    expect(await filesIn(tarArchive({ ...FILE, type: 'V' }, { ...FILE, name: 'other' }))).toEqual([
      ['other', CONTENT.toString()],
    ]);
  });

  test('include contiguous files, and files of the oldest archives', async () => {
    expect(await filesIn(tarArchive({ ...FILE, type: '7' }, { ...FILE, type: '\0' }))).toHaveLength(2);
  });
});

describe('extended attributes', () => {
  test('replace the name and size of the next file', async () => {
    const pax = paxHeader({ path: 'other.img', size: '7', comment: 'any' });
    expect(await filesIn(tarArchive(pax, FILE, FILE))).toEqual([
      ['other.img', CONTENT.toString('latin1', 0, 7)],
      ['disk.img', CONTENT.toString()],
    ]);
  });

  test('of all files apply to each file that has none of its own', async () => {
    const forAll = paxHeader({ path: 'any.img' }, 'g');
    const archive = tarArchive(forAll, FILE, paxHeader({ path: 'own.img' }), FILE, FILE);
    expect((await filesIn(archive)).map(([name]) => name)).toEqual(['any.img', 'own.img', 'any.img']);
  });

  test('of GNU tar contain long names, and long targets of links', async () => {
    const name = (text: string, type: string) => ({ name: '././@LongLink', type, content: Buffer.from(`${text}\0`) });
    expect(await filesIn(tarArchive(name('target', 'K'), name('long.img', 'L'), FILE))).toEqual([
      ['long.img', CONTENT.toString()],
    ]);
  });

  test('can contain names that are not UTF-8, which end at a NUL', async () => {
    const content = Buffer.from('12 path=a\xff\0\n', 'latin1');
    expect(await filesIn(tarArchive({ name: 'x', type: 'x', content }, FILE))).toEqual([
      ['a\udcff', CONTENT.toString()],
    ]);
  });

  test.each([
    ['no length', 'path=x\n'],
    ['a length of 0', '0 path=x\n'],
    ['a length that is too short', '5 path=x\n'],
    ['a length beyond the end', '99 path=x\n'],
    ['no newline', '9 path=xy'],
    ['no name', '5 =x\n'],
    ['zeros', '\0'.repeat(512)],
  ])('with %s are corrupt', async (_, text) => {
    await expect(filesIn(tarArchive({ name: 'x', type: 'x', content: Buffer.from(text) }, FILE))).rejects.toEqual(
      corrupt(/^the attributes of one of its files are damaged; restore it/),
    );
  });

  test.each(['', '-1', '1e3', '9'.repeat(16)])('with the size %j are corrupt', async (size) => {
    await expect(filesIn(tarArchive(paxHeader({ size }), FILE))).rejects.toEqual(corrupt(/state the size "/));
  });

  test('beyond the end of the archive are corrupt', async () => {
    const archive = tarArchive({ ...paxHeader({ path: 'x' }), size: '20000' });
    await expect(filesIn(archive)).rejects.toEqual(corrupt(/^it ends at byte 2048, within the attributes of a file/));
  });

  test('of more than 64 KiB are refused', async () => {
    const archive = tarArchive(paxHeader({ comment: 'x'.repeat(70_000) }), FILE);
    await expect(filesIn(archive)).rejects.toEqual(refused(/have 70015 bytes, the limit is 65536; unpack it with/));
  });

  test('that mark a file whose holes are left out are refused', async () => {
    await expect(filesIn(tarArchive(paxHeader({ 'GNU.sparse.major': '1' }), FILE))).rejects.toEqual(
      refused(/^it stores "disk.img" without its holes/),
    );
  });
});

describe('an archive', () => {
  test.each([
    '8',
    '1 1',
    '\x80\x01\0\0\0\0\0\0\0\0\0\0',
    '\x80\0\0\0\xff\0\0\0\0\0\0\0',
    '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff',
  ])('with the size %j is corrupt', async (size) => {
    await expect(filesIn(tarArchive({ ...FILE, size }))).rejects.toEqual(
      corrupt(/has a size that is not a number, 0x/),
    );
  });

  test('with a damaged header is corrupt', async () => {
    const archive = tarArchive(FILE, FILE);
    archive.writeUInt8(1, 1024 + 10);
    await expect(filesIn(archive)).rejects.toEqual(corrupt(/^expected a tar header at byte 1024, found none; restore/));
    await expect(filesIn(Buffer.concat([archive.subarray(0, 1024), Buffer.from('more')]))).rejects.toEqual(
      corrupt(/^expected a tar header at byte 1024/),
    );
  });

  test('with more than 4096 headers is refused', async () => {
    const most = Buffer.concat(Array<Buffer>(4096).fill(tarMember({ name: 'a' })));
    expect(await filesIn(most)).toHaveLength(4096);
    await expect(filesIn(Buffer.concat([most, tarMember(FILE)]))).rejects.toEqual(
      refused(/^it has more than 4096 headers; unpack it with tar -xf 'image', and name its disks$/),
    );
  });

  test('of any members, with changed bytes, has files, or is refused or corrupt', async () => {
    const member = fc.record({
      name: fc.string({ maxLength: 100 }),
      type: fc.constantFrom('0', 'x', 'g', 'L', '2', '5', 'S'),
      size: fc.constantFrom('0', '10', '777', '7777777', '\x80\0\0\0\0\0\0\0\0\0\0\x09'),
      content: fc.oneof(
        fc.uint8Array({ maxLength: 600 }),
        fc.string().map((value) => Buffer.from(paxRecord('path', value))),
      ),
    });
    const flaws = fc.array(fc.tuple(fc.nat(4096), fc.nat(255)), { maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(fc.array(member, { maxLength: 4 }), flaws, async (members, bytes) => {
        const archive = tarArchive(...members);
        for (const [position, value] of bytes) {
          archive[position % archive.length] = value;
        }
        const found = await tarFiles(bytesOf(archive)).catch((error: unknown) => error);
        expect(found instanceof HeaderError || Array.isArray(found)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

test('a block is a tar header only if its checksum is right', () => {
  const header = tarMember(FILE).subarray(0, 512);
  expect(isTarHeader(header)).toBe(true);
  expect(isTarHeader(header.subarray(0, 511))).toBe(false);
  expect(isTarHeader(Buffer.alloc(512))).toBe(false);
});
