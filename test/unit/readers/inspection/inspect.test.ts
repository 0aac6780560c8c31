import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { baseOf, formatsOf, Passphrase, partsOf, VirtSimilarityError } from '@virt-similarity/core';
import { identityOf } from '#readers/inspection/identity-of.js';
import { inspect } from '#readers/inspection/inspect.js';
import { ascii, fileWith, mbrEntry, type Qcow2Fields, qcow2File } from './headers.js';
import { encryptedQcow2, LUKS, LUKS_UUID, vmdkDescriptor } from './sound-headers.js';

let directory: string;
let notes: string[];

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-inspect-')));
  notes = [];
});

afterEach(() => rm(directory, { recursive: true }));

async function write(name: string, content: Buffer): Promise<string> {
  const path = join(directory, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

function qcow2(name: string, fields: Qcow2Fields = {}): Promise<string> {
  return write(name, qcow2File(fields));
}

interface InspectOptions {
  readonly format?: string;
  readonly signal?: AbortSignal;
  readonly allowed?: readonly string[];
  readonly trees?: readonly string[];
}

function inspectAt(path: string, more: InspectOptions = {}) {
  const { format, signal, allowed = [directory], trees } = more;
  return inspect(format === undefined ? { path } : { path, format }, {
    allowedDirectories: allowed,
    ...(trees && { allowedTrees: trees }),
    warn: (message) => void notes.push(message),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function failureOf(path: string, format?: string): Promise<VirtSimilarityError> {
  const error = await inspectAt(path, format === undefined ? {} : { format }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(VirtSimilarityError);
  expect(error).toMatchObject({ image: path, message: expect.stringMatching(/^cannot open [^\n]*$/) });
  return error as VirtSimilarityError;
}

const NOISE = fileWith(70_000, { 0: ascii('\x90') });

describe('a self-contained image', () => {
  test('has its file and header fields', async () => {
    const path = await qcow2('a.qcow2', { virtualSize: 1n << 20n });
    expect(await inspectAt(path)).toMatchObject({
      format: 'qcow2',
      virtualSize: 1 << 20,
      isDevice: false,
      extentFiles: [],
      backing: undefined,
      file: { path, size: 262_144n },
    });
    expect(notes).toEqual([]);
  });

  test('can have a relative path', async () => {
    const path = await qcow2('a.qcow2');
    const before = process.cwd();
    process.chdir(directory);
    try {
      expect((await inspectAt('a.qcow2')).file.path).toBe(path);
    } finally {
      process.chdir(before);
    }
  });

  test('is recognised by its header alone, with a note', async () => {
    const path = await qcow2('cloud.img');
    expect((await inspectAt(path)).format).toBe('qcow2');
    expect(notes).toEqual([`${path}: treated as qcow2, because its header says so`]);
  });

  test('is raw with the size of its file if it has no known header', async () => {
    expect(await inspectAt(await write('a.img', NOISE))).toMatchObject({ format: 'raw', virtualSize: 70_000 });
  });
});

describe('a text file', () => {
  test.each(['notes.txt', 'notes.img', 'notes.raw', 'notes'])(
    '%s is not a disk unless its format is stated',
    async (name) => {
      const path = await write(name, ascii('hello\n'));
      expect(await failureOf(path)).toMatchObject({
        code: 'refused',
        message: expect.stringMatching(
          /: it holds text, not a disk image; name it as .*, format: 'raw' }` if it is one$/,
        ),
      });
      expect(await inspectAt(path, { format: 'raw' })).toMatchObject({ format: 'raw', virtualSize: 6 });
    },
  );

  test('is not a backing image unless the overlay states its format', async () => {
    await write('notes.img', ascii('hello\n'));
    const { message } = await failureOf(await qcow2('top.qcow2', { backing: 'notes.img' }));
    expect(message).toMatch(/"notes\.img" cannot be used: it holds text, .*qemu-img rebase -u -F raw -b 'notes\.img'/);
  });

  test('is not a split disk', async () => {
    await write('log.002', ascii('two\n'));
    const { message } = await failureOf(await write('log.001', ascii('one\n')));
    expect(message).toMatch(/it holds text, .*format: 'split'/);
  });

  test.each<[string, Buffer]>([
    ['a disk of an odd size', fileWith(777, { 0: ascii('\x90') })],
    ['a sector of one character', Buffer.alloc(512, 'a')],
  ])('differs from %s', async (_, content) => {
    expect(await inspectAt(await write('tiny.img', content))).toMatchObject({ virtualSize: content.length });
  });
});

describe('a disk of ciphertext', () => {
  const luks = (name = 'disk.img') => write(name, fileWith(65_536, LUKS));

  test('is raw, and takes a key', async () => {
    const ciphertext = [{ scheme: 'LUKS', selector: LUKS_UUID }];
    const image = await inspectAt(await luks());
    expect(image).toMatchObject({ format: 'raw', encryption: 'ciphertext', ciphertext, virtualSize: 65_536 });
    expect(notes).toEqual([]);
  });

  test('takes no key if the user gives the format raw', async () => {
    const image = await inspectAt(await luks(), { format: 'raw' });
    expect(image).toMatchObject({ format: 'raw', encryption: 'ciphertext', ciphertext: [{ scheme: 'LUKS' }] });
    expect(image.ciphertext?.[0]).not.toHaveProperty('selector');
  });

  test('needs a key if the format LUKS is stated', async () => {
    const key = `pass its passphrase with \`keys: '${LUKS_UUID}:file:FILE'\``;
    await expect(inspectAt(await luks('a.luks'), { format: 'luks' })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining(`${key}, or name it as`),
    });
  });

  test('is raw if the keys are only for other disks', async () => {
    const keys = [{ selector: '00000000-0000-4000-8000-000000000000', passphrases: [new Passphrase(Buffer.of(1))] }];
    const image = await inspect({ path: await luks() }, { allowedDirectories: [directory], keys });
    expect(image).toMatchObject({ format: 'raw', encryption: 'ciphertext' });
  });

  test('is the content of an encrypted qcow2 image without a key', async () => {
    const ciphertext = [{ scheme: 'LUKS', selector: LUKS_UUID }];
    const path = await write('a.qcow2', encryptedQcow2());
    expect(await inspectAt(path)).toMatchObject({ format: 'qcow2', encryption: 'ciphertext', ciphertext });
  });

  test('can be in partitions', async () => {
    const disk = fileWith(2 ** 20, { 446: mbrEntry(0x07, 128), 462: mbrEntry(0x83, 256), 510: ascii('\x55\xaa') });
    disk.write('-FVE-FS-', 128 * 512 + 3);
    fileWith(592, LUKS).copy(disk, 256 * 512);
    const { format, encryption, ciphertext } = await inspectAt(await write('disk.raw', disk));
    expect({ format, encryption }).toEqual({ format: 'raw', encryption: 'ciphertext' });
    expect(ciphertext).toEqual([
      { scheme: 'BitLocker', partition: 1 },
      { scheme: 'LUKS', partition: 2, selector: LUKS_UUID },
    ]);
  });

  test('can be the base of an overlay that declares it as raw, and then takes no key', async () => {
    await luks();
    const { backing } = await inspectAt(await qcow2('top.qcow2', { backing: 'disk.img', backingFormat: 'raw' }));
    expect(backing).toMatchObject({ encryption: 'ciphertext', ciphertext: [{ scheme: 'LUKS' }] });
    expect(backing?.ciphertext?.[0]).not.toHaveProperty('selector');
  });
});

test('a link that was listed in a directory is refused', async () => {
  const path = join(directory, 'link.img');
  await symlink(await write('a.img', NOISE), path);
  await expect(inspect({ path, noFollow: true }, { allowedDirectories: [directory] })).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('it is a symbolic link'),
  });
});

describe('a backing chain', () => {
  test('has all its files, from the top', async () => {
    const base = await write('base.img', NOISE);
    const middle = await qcow2('sub/middle.qcow2', { backing: '../base.img', backingFormat: 'raw' });
    const top = await qcow2('top.qcow2', { backing: 'sub/middle.qcow2' });
    const identity = identityOf(await inspectAt(top, { allowed: [directory, join(directory, 'sub')] }));
    expect(formatsOf(identity)).toBe('qcow2<qcow2<raw');
    expect(partsOf(identity).map(({ path }) => path)).toEqual([top, middle, base]);
    expect(baseOf(identity)?.source).toEqual({ path: middle, format: 'qcow2' });
    expect(baseOf(identity)?.identity).toEqual(identityOf(await inspectAt(middle)));
  });

  test('can contain an absolute path', async () => {
    const base = await write('base.img', NOISE);
    const top = await qcow2('top.qcow2', { backing: base });
    expect((await inspectAt(top)).backing?.file.path).toBe(base);
  });

  test('is resolved relative to the link that the user named', async () => {
    const base = await write('links/base.img', NOISE);
    const top = await qcow2('images/top.qcow2', { backing: 'base.img' });
    await symlink(top, join(directory, 'links/link.qcow2'));
    const allowed = [join(directory, 'links')];
    expect((await inspectAt(join(directory, 'links/link.qcow2'), { allowed })).backing?.file.path).toBe(base);
  });

  test('can refer only to allowed directories', async () => {
    await write('elsewhere/base.img', NOISE);
    const top = await qcow2('here/top.qcow2', { backing: '../elsewhere/base.img' });
    const here = join(directory, 'here');
    const elsewhere = join(directory, 'elsewhere');
    expect((await inspectAt(top, { allowed: [here, elsewhere] })).backing?.format).toBe('raw');
    for (const allowed of [
      [here, join(directory, 'else')],
      [here, directory],
      [here, '/'],
    ]) {
      await expect(inspectAt(top, { allowed })).rejects.toMatchObject({
        code: 'refused',
        message: expect.stringContaining(`pass \`allowBacking: [ '${elsewhere}' ]\``),
      });
    }
    for (const tree of [elsewhere, directory, '/']) {
      expect((await inspectAt(top, { trees: [tree] })).backing?.format).toBe('raw');
    }
  });

  test('must not leave allowed directories through a linked directory', async () => {
    await write('elsewhere/base.img', NOISE);
    const top = await qcow2('here/top.qcow2', { backing: 'door/base.img' });
    await symlink(join(directory, 'elsewhere'), join(directory, 'here/door'));
    await expect(inspectAt(top, { allowed: [join(directory, 'here')] })).rejects.toMatchObject({ code: 'refused' });
  });

  test.each([
    '/etc/passwd',
    '../../../../../etc/passwd',
    'json:{"driver":"raw"}',
    'nbd://localhost/x',
    'http://localhost/x',
    'fat:/etc',
    'blkdebug::base.img',
    'file:base.img',
  ])('must not name %s', async (backing) => {
    await write('base.img', NOISE);
    const error = await failureOf(await qcow2('top.qcow2', { backing, backingFormat: 'raw' }));
    expect(error.code).toBe('refused');
    expect(error.message).toContain(JSON.stringify(backing));
  });

  test('must not have an unknown format', async () => {
    await write('base.img', NOISE);
    const error = await failureOf(await qcow2('top.qcow2', { backing: 'base.img', backingFormat: 'nbd' }));
    expect(error).toMatchObject({ code: 'refused', message: expect.stringContaining('unknown format "nbd"') });
  });

  test('can name a file with a colon after a slash', async () => {
    await write('a:b.img', NOISE);
    expect((await inspectAt(await qcow2('top.qcow2', { backing: './a:b.img' }))).backing?.format).toBe('raw');
  });

  test('with a missing file has a remedy that corrects the overlay, with the declared format if any', async () => {
    const known = await failureOf(await qcow2('top.qcow2', { backing: 'missing.img', backingFormat: 'raw' }));
    expect(known.message).toMatch(/, or name the file in the overlay with qemu-img rebase -u -F raw -b FILE /);
    const unknown = await failureOf(await qcow2('top.qcow2', { backing: 'missing.img' }));
    expect(unknown.message).toMatch(/, or name the file in the overlay with qemu-img rebase -u -F FORMAT -b FILE /);
    const lines = ['parentCID=b', 'parentFileNameHint="missing.vmdk"', 'RW 1 FLAT "a.raw" 0'];
    await write('a.raw', Buffer.alloc(512));
    const child = await failureOf(await write('top.vmdk', vmdkDescriptor(...lines)));
    expect(child.message).toMatch(/copy it there, or correct parentFileNameHint in the child's descriptor$/);
  });

  test.each(['missing.img', '/no/such/directory/base.img', '/etc/no-such-file'])(
    'with the missing file %s is unreadable, and no directory is proposed',
    async (backing) => {
      const error = await failureOf(await qcow2('top.qcow2', { backing }));
      expect(error.code).toBe('unreadable');
      expect(error.message).toMatch(
        /its backing file "[^"]*" cannot be used: there is no such file; copy it there, or name the file in the overlay with qemu-img rebase -u -F \w+ -b FILE /,
      );
    },
  );

  test.each(['C:\\VMs\\base.img', '\\\\server\\share\\base.img'])(
    'must not name the Windows path %s',
    async (backing) => {
      const error = await failureOf(await qcow2('top.qcow2', { backing }));
      expect(error).toMatchObject({ code: 'refused', message: expect.stringContaining(`"${backing}"`) });
      expect(error.message).toMatch(/a Windows path, .* replace it with the file's path on this machine$/);
    },
  );

  test('must not have a loop', async () => {
    const self = await failureOf(await qcow2('self.qcow2', { backing: 'self.qcow2' }));
    expect(self).toMatchObject({ code: 'refused', message: expect.stringContaining('loops back to') });
    await qcow2('one.qcow2', { backing: 'two.qcow2' });
    expect((await failureOf(await qcow2('two.qcow2', { backing: 'one.qcow2' }))).code).toBe('refused');
  });

  test('can have at most 64 images', async () => {
    for (let index = 0; index <= 64; index++) {
      await qcow2(`${index}.qcow2`, index === 0 ? {} : { backing: `${index - 1}.qcow2` });
    }
    expect(identityOf(await inspectAt(join(directory, '63.qcow2'))).chain).toHaveLength(64);
    const error = await failureOf(join(directory, '64.qcow2'));
    expect(error).toMatchObject({ code: 'refused', message: expect.stringContaining('longer than 64') });
  });

  test('follows the declared format of a backing file, not its header', async () => {
    await qcow2('base.img', { backing: '/etc/passwd' });
    expect(
      (await inspectAt(await qcow2('top.qcow2', { backing: 'base.img', backingFormat: 'raw' }))).backing,
    ).toMatchObject({
      format: 'raw',
      backing: undefined,
    });
  });

  test('does not follow a header that neither the name nor the overlay confirms', async () => {
    await write('secret.img', NOISE);
    await qcow2('base.img', { backing: 'secret.img' });
    const top = await qcow2('top.qcow2', { backing: 'base.img' });
    const commands = ['qcow2', 'raw'].map((format) => `qemu-img rebase -u -F ${format} -b 'base.img' '${top}'`);
    const error = await failureOf(top);
    expect(error).toMatchObject({ code: 'refused', message: expect.stringContaining(commands.join(' or ')) });
  });
});

describe('a header that the name does not confirm', () => {
  test('must not refer to another file', async () => {
    await write('secret.img', NOISE);
    const error = await failureOf(await qcow2('disk.img', { backing: 'secret.img' }));
    expect(error).toMatchObject({
      code: 'refused',
      message: expect.stringMatching(
        /points to another file, "secret.img"; name it as `{ path: '.*disk.img', format: 'qcow2' }` or `{ path: '.*disk.img', format: 'raw' }`$/,
      ),
    });
  });

  test('must not refer to extents', async () => {
    await write('flat', Buffer.alloc(512));
    const error = await failureOf(await write('disk.img', vmdkDescriptor('RW 1 FLAT "flat" 0')));
    expect(error.code).toBe('refused');
  });

  test('is reported with a remedy if it is damaged', async () => {
    const error = await failureOf(await qcow2('disk.img', { fileSize: 100_000 }));
    expect(error).toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(/`{ path: '.*disk.img', format: 'raw' }`$/),
    });
  });

  test('is not inspected if raw is given', async () => {
    const path = await qcow2('disk.img', { backing: 'secret.img' });
    expect(await inspectAt(path, { format: 'raw' })).toMatchObject({ format: 'raw', backing: undefined });
  });
});

describe('extent files', () => {
  test('are listed after the file with the header', async () => {
    const second = await write('sub/x-f002.vmdk', Buffer.alloc(1024));
    const first = await write('x-f001.vmdk', Buffer.alloc(512));
    const path = await write('x.vmdk', vmdkDescriptor('RW 1 FLAT "x-f001.vmdk" 0', 'RW 2 FLAT "sub/x-f002.vmdk" 0'));
    const image = await inspectAt(path, { allowed: [directory, join(directory, 'sub')] });
    expect(image).toMatchObject({ format: 'vmdk', virtualSize: 1536 });
    expect(partsOf(identityOf(image)).map(({ path }) => path)).toEqual([path, first, second]);
  });

  test('are resolved relative to a link to the file with the header, like backing files', async () => {
    await write('images/x-flat.vmdk', Buffer.alloc(512));
    const path = await write('images/x.vmdk', vmdkDescriptor('RW 1 FLAT "x-flat.vmdk" 0'));
    const extent = await write('links/x-flat.vmdk', Buffer.alloc(512, 1));
    const link = join(directory, 'links/x.vmdk');
    await symlink(path, link);
    const image = await inspectAt(link, { allowed: [join(directory, 'links')] });
    expect(image.extentFiles.map((layer) => layer.path)).toEqual([extent]);
    const child = await qcow2('links/child.qcow2', { backing: 'x.vmdk', backingFormat: 'vmdk' });
    const { backing } = await inspectAt(child, { trees: [directory] });
    expect(backing?.extentFiles.map((layer) => layer.path)).toEqual([extent]);
  });

  test('must be in allowed directories', async () => {
    const error = await failureOf(await write('x.vmdk', vmdkDescriptor('RW 1 FLAT "/etc/passwd" 0')));
    expect(error).toMatchObject({ code: 'refused', message: expect.stringContaining('its extent file "/etc/passwd"') });
  });

  test('must have the declared length', async () => {
    await write('x-flat.vmdk', Buffer.alloc(511));
    const error = await failureOf(await write('x.vmdk', vmdkDescriptor('RW 1 FLAT "x-flat.vmdk" 0')));
    expect(error.code).toBe('corrupt');
  });

  test('must not exceed the maximum number', async () => {
    const lines = Array.from({ length: 1025 }, (_, index) => `RW 1 FLAT "${index}" 0`);
    const error = await failureOf(await write('x.vmdk', vmdkDescriptor(...lines)));
    expect(error).toMatchObject({ code: 'refused', message: expect.stringContaining('1025 files') });
  });
});

describe('the parent of a VMDK', () => {
  const child = (parentCid: string) =>
    write('top.vmdk', vmdkDescriptor(`parentCID=${parentCid}`, 'parentFileNameHint="base.vmdk"', 'RW 1 FLAT "flat" 0'));

  beforeEach(async () => {
    await write('flat', Buffer.alloc(512));
    await write('base.vmdk', vmdkDescriptor('CID=1a2b', 'RW 1 FLAT "flat" 0'));
  });

  test('must have the expected CID', async () => {
    expect((await inspectAt(await child('00001A2B'))).backing?.descriptor?.cid).toBe('00001a2b');
  });

  test('is corrupt if it was changed after the snapshot was made', async () => {
    expect(await failureOf(await child('1a2c'))).toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(
        /parent "base.vmdk" was changed after this snapshot was made: .* CID 00001a2c, found CID 00001a2b; /,
      ),
    });
  });

  test('is named in the error by its hint if it is not a VMDK', async () => {
    await write('base.vmdk', qcow2File());
    expect(await failureOf(await child('1a2b'))).toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(/its parentFileNameHint "base.vmdk" cannot be used: expected a vmdk header/),
    });
  });
});

describe('a path that cannot be read', () => {
  test('is refused if it is a directory', async () => {
    expect(await failureOf(directory)).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('a directory'),
    });
  });

  test('is refused if it is a character device', async () => {
    expect(await failureOf('/dev/zero')).toMatchObject({ message: expect.stringContaining('a character device') });
  });

  test('is refused if it is a FIFO, without waiting for a writer', async () => {
    const fifo = join(directory, 'fifo.img');
    execFileSync('mkfifo', [fifo]);
    expect(await failureOf(fifo)).toMatchObject({ code: 'refused', message: expect.stringContaining('a FIFO') });
  });

  test('is refused if it is a loop of symbolic links', async () => {
    const loop = join(directory, 'loop.img');
    await symlink(loop, loop);
    expect(await failureOf(loop)).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('loop of symbolic links'),
    });
  });

  test('is refused if it is a socket', async () => {
    const { createServer } = await import('node:net');
    const path = join(directory, 's');
    const server = createServer().listen(path);
    try {
      expect(await failureOf(path)).toMatchObject({ code: 'refused', message: expect.stringContaining('a socket') });
    } finally {
      server.close();
    }
  });

  test('is unreadable if it is missing', async () => {
    expect((await failureOf(join(directory, 'missing.img'))).code).toBe('unreadable');
    expect((await failureOf(join(await write('a.img', NOISE), 'below'))).code).toBe('unreadable');
  });

  test('is unreadable if its name is too long', async () => {
    expect((await failureOf(join(directory, 'x'.repeat(300)))).code).toBe('unreadable');
  });
});

test('inspection is aborted if its signal has fired', async () => {
  const path = await qcow2('a.qcow2');
  await expect(inspectAt(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
});

test('a replaced file has another identity', async () => {
  const path = await write('a.img', NOISE);
  const before = identityOf(await inspectAt(path));
  await rename(await write('b.img', NOISE), path);
  expect(identityOf(await inspectAt(path))).not.toEqual(before);
});

describe('the claimed size of a disk', () => {
  test('can be at most 64 TiB by default', async () => {
    const largest = await qcow2('largest.qcow2', { virtualSize: 2n ** 46n, l1Entries: 2 ** 17, fileSize: 2 ** 21 });
    expect((await inspectAt(largest)).virtualSize).toBe(2 ** 46);
    const path = await qcow2('larger.qcow2', {
      virtualSize: 2n ** 46n + 512n,
      l1Entries: 2 ** 17 + 1,
      fileSize: 2 ** 21,
    });
    expect(await failureOf(path)).toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/claims 70368744178176 bytes, .*; pass `maxVirtualSize: 70368744178176` /),
    });
  });

  test('can be at most the size that the user allows, even in a backing file', async () => {
    await qcow2('base.qcow2', { virtualSize: 2n ** 20n });
    const path = await qcow2('top.qcow2', { virtualSize: 512n, backing: 'base.qcow2', backingFormat: 'qcow2' });
    const options = { allowedDirectories: [directory] };
    await expect(inspect({ path }, { ...options, maxVirtualSize: 2 ** 20 - 1 })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('its backing file "base.qcow2" cannot be used: its header claims 1048576 bytes'),
    });
    expect((await inspect({ path }, { ...options, maxVirtualSize: 2 ** 20 })).virtualSize).toBe(512);
  });
});
