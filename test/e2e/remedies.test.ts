import { chmod, mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { systemPath } from '@virt-similarity/core';
import { COMMAND } from '../fixtures/command.js';
import { runTool } from '../fixtures/run-tool.js';
import { type Ended, Workplace } from './command.js';
import { rawImage, writeFamily } from './sample-images.js';

/** The size of a sample image's disk in bytes. */
const SIZE = 6 * 65_536;

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.make();
  await writeFamily(workplace);
});

afterAll(() => workplace.remove());

/** Runs a line in a shell in the directory of the images, where `virt-similarity` is the command under test. */
function type(line: string): Promise<Ended> {
  const script = `cd "$1"; shift; virt-similarity() { "\${command[@]}" "$@"; }; command=("$@"); ${line}`;
  return workplace.startBy('bash', ['-c', script, 'bash', workplace.directory, ...COMMAND]).ended;
}

/** Returns the remedy in the messages, as a user can copy it from the terminal. */
function remedyIn({ stderr }: Ended, pattern: RegExp): string {
  const found = pattern.exec(stderr)?.[1];
  expect({ stderr, found }).toMatchObject({ found: expect.any(String) });
  return found ?? '';
}

/** Creates an empty qcow2 image. */
async function qcow2(name: string, options: readonly string[] = []): Promise<void> {
  const output = workplace.path(name);
  await runTool('qemu-img', ['create', '-q', '-f', 'qcow2', ...options, `${output}.new`, `${SIZE}`]);
  await rename(`${output}.new`, output);
}

async function imagesOf(ended: Ended): Promise<{ path: string; virtualSize: number }[]> {
  expect(ended).toMatchObject({ code: 0 });
  return (JSON.parse(ended.stdout) as { images: { path: string; virtualSize: number }[] }).images;
}

describe('the remedy --allow-backing can be pasted', () => {
  test.each([
    'plain',
    'two words',
    'a$b',
    'a`id`b',
    'a\\b',
    'a\\x41\\u{41}\\\\b',
    'a"b',
    "a'b",
    'a!b',
    'a\tb',
    'a\nb',
    'a\u001b[31mb',
    'a\u00a0b',
    'a\u202eb',
    'a\udcffb',
    "'\\",
  ])('if the backing file is in the directory %j', async (name) => {
    const here = `links-${Buffer.from(name, 'utf16le').toString('hex')}`;
    const store = `${workplace.path(here)}/${name}`;
    await mkdir(systemPath(store), { recursive: true });
    await writeFile(systemPath(`${store}/base.img`), rawImage(1, 2, 3, 4, 5, 0));
    await symlink(systemPath(`${name}/base.img`), workplace.path(`${here}/base.img`));
    await qcow2(`${here}/top.qcow2`, ['-u', '-b', 'base.img', '-F', 'raw']);
    const line = `virt-similarity -q -O json --no-cache ${here}/top.qcow2 base.raw`;
    const refused = await type(line);
    expect(refused.code).toBe(4);
    const words = remedyIn(refused, /; if you know that the files belong together, pass (--allow-backing .*)\n/);
    const ended = await type(`${line} ${words}`);
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('if the backing file is in a subdirectory of the directory of the image', async () => {
    await mkdir(workplace.path('below/store'), { recursive: true });
    await workplace.write('below/store/base.img', rawImage(1, 2, 3, 4, 5, 0));
    await qcow2('below/top.qcow2', ['-u', '-b', 'store/base.img', '-F', 'raw']);
    const line = 'virt-similarity -q -O json --no-cache below/top.qcow2 base.raw';
    const refused = await type(line);
    expect(refused.stderr).toContain('it is not directly in the directory of a named image; if');
    expect(await type(`${line} ${remedyIn(refused, /, pass (--allow-backing .*)\n/)}`)).toMatchObject({ code: 0 });
  });
});

describe('the remedy --format applies only to the refused file,', () => {
  test.each([
    ['named after a snapshot', 'web.001', 'qcow2'],
    ['whose extension states no format', 'web.img', 'qcow2'],
    ['whose name begins with a hyphen', '-web $1.img', 'qcow2'],
    ['whose name contains special characters', "it's\n\\x41.img", 'qcow2'],
  ])('if it is an overlay %s', async (_, name, format) => {
    await qcow2(name, ['-u', '-b', 'base.raw', '-F', 'raw']);
    await qcow2('good.qcow2');
    const refused = await workplace.run('-q', '--no-cache', 'base.raw', '--', name, 'good.qcow2');
    expect(refused.code).toBe(3);
    const pattern = new RegExp(`name it as (--format ${format} .*? --format auto)(?: or | if |\\n)`);
    const words = remedyIn(refused, pattern);
    const ended = await type(`virt-similarity -q -O json --no-cache base.raw ${words} good.qcow2`);
    // The overlay and the image after it are read in their own formats.
    expect((await imagesOf(ended)).map(({ virtualSize }) => virtualSize)).toEqual([SIZE, SIZE, SIZE]);
  });

  test('if it has no header and is in a directory of images', async () => {
    await mkdir(workplace.path('mixed'));
    await qcow2('mixed/good.qcow2');
    await workplace.write('mixed/noise.qcow2', rawImage(1, 2, 3));
    const refused = await type('virt-similarity -q --no-cache mixed base.raw');
    const words = remedyIn(refused, /name it as (--format raw .* --format auto) if/);
    const images = await imagesOf(await type(`virt-similarity -q -O json --no-cache ${words} mixed base.raw`));
    expect(images).toMatchObject([{ virtualSize: 3 * 65_536 }, { virtualSize: SIZE }, { virtualSize: SIZE }]);
  });

  test('also in the message that a JSON report repeats', async () => {
    await workplace.write('noise.qcow2', rawImage(1, 2, 3));
    const ended = await workplace.run('-q', '-O', 'json', '--no-cache', 'base.raw', 'clone.raw', 'noise.qcow2');
    const { failures } = JSON.parse(ended.stdout) as { failures: { path: string; message: string }[] };
    const message = expect.stringMatching(
      /; name it as --format raw 'noise\.qcow2' --format auto if that is its format$/,
    );
    expect(failures).toEqual([{ path: 'noise.qcow2', code: 'corrupt', message }]);
    expect(ended.stderr).toBe(`virt-similarity: error: ${failures[0]?.message}\n`);
  });

  test('if it is between images with another stated format', async () => {
    await qcow2('stated.img');
    await qcow2('after.img');
    await workplace.write('raw.img', rawImage(1, 2, 3));
    const refused = await type('virt-similarity -q --no-cache --format qcow2 stated.img raw.img after.img');
    const words = remedyIn(refused, /name it as (--format raw .* --format qcow2) if/);
    const line = `virt-similarity -q -O json --no-cache --format qcow2 stated.img ${words} after.img`;
    expect((await imagesOf(await type(line))).map(({ virtualSize }) => virtualSize)).toEqual([SIZE, 3 * 65_536, SIZE]);
  });

  test('if it is a backing file with the name of a snapshot: the overlay must state its format', async () => {
    await qcow2('disk.001', ['-u', '-b', 'base.raw', '-F', 'raw']);
    // Only old versions of qemu write no format.
    await qcow2('disk.qcow2', ['-u', '-b', 'disk.001', '-F', 'qcow2']);
    await dropBackingFormat('disk.qcow2');
    const line = 'virt-similarity -q -O json --no-cache disk.qcow2 base.raw';
    const refused = await type(line);
    expect(refused.code).toBe(4);
    const command = remedyIn(refused, /with (qemu-img rebase .*) if it is a complete image\n/);
    expect(await type(command)).toMatchObject({ code: 0 });
    await imagesOf(await type(line));
  });
});

/** Replaces the header extension that states the backing file's format with an extension of an unknown type. */
async function dropBackingFormat(name: string): Promise<void> {
  const bytes = await readFile(workplace.path(name));
  const at = bytes.indexOf(Buffer.from([0xe2, 0x79, 0x2a, 0xca]));
  expect(at).toBeGreaterThan(0);
  bytes.writeUInt32BE(0x0bad_c0de, at);
  await writeFile(workplace.path(name), bytes);
}

/**
 * Runs a command with an image, follows the remedies in its messages one after another, at most four, and expects the
 * analysis of all images. Returns the number of remedies.
 *
 * @param line the command without the image
 */
async function followAll(line: string, image: string): Promise<number> {
  for (let remedies = 0, words = image, more = ''; ; remedies += 1) {
    const ended = await type(`${line} ${more} ${words}`);
    if (ended.code === 0) {
      await imagesOf(ended);
      return remedies;
    }
    expect({ hasEnd: remedies < 4, stderr: ended.stderr }).toMatchObject({ hasEnd: true });
    const format = /name it as (--format .*? --format auto)(?: or | if |\n)/.exec(ended.stderr)?.[1];
    const allowed = /, pass (--allow-backing .*)\n/.exec(ended.stderr)?.[1];
    expect({ stderr: ended.stderr, remedy: format ?? allowed }).toMatchObject({ remedy: expect.any(String) });
    words = format ?? words;
    more = allowed ?? more;
  }
}

describe('following the remedies, one after another, leads to the analysis of a disk', () => {
  const line = 'virt-similarity -q -O json --no-cache base.raw';

  test('as OpenStack Nova stores it: without an extension, and with its base in another directory', async () => {
    await mkdir(workplace.path('instances/_base'), { recursive: true });
    await mkdir(workplace.path('instances/uuid'));
    await workplace.write('instances/_base/9f3c', rawImage(1, 2, 3, 4, 5, 0));
    const base = workplace.path('instances/_base/9f3c');
    await qcow2('instances/uuid/disk', ['-u', '-b', base, '-F', 'raw']);
    const directory = await type(`${line} instances/uuid`);
    expect(directory.stderr).toContain(
      'found 1 file without the extension of a disk image; name the images themselves',
    );
    expect(await followAll(line, 'instances/uuid/disk')).toBe(2);
  });

  test('as libvirt names external snapshots in a pool without extensions', async () => {
    await mkdir(workplace.path('pool'));
    await qcow2('pool/vm1');
    await qcow2('pool/vm1.snap1', ['-u', '-b', 'vm1', '-F', 'qcow2']);
    expect(await followAll(line, 'pool/vm1')).toBe(0);
    expect(await followAll(line, 'pool/vm1.snap1')).toBe(1);
  });

  test('in the plain format of Parallels', async () => {
    await workplace.write('plain.hds', rawImage(1, 2, 3, 4, 5, 0));
    expect(await followAll(line, 'plain.hds')).toBe(1);
  });

  test.each(['/vmfs/volumes/datastore1/vm/base.vmdk', 'C:\\VMs\\base.vmdk'])(
    'whose snapshot names its parent by %s, after the hint is corrected',
    async (hint) => {
      const raw = workplace.path('base.raw');
      await runTool('qemu-img', ['convert', '-f', 'raw', '-O', 'vmdk', raw, workplace.path('base.vmdk')]);
      const create = ['create', '-q', '-f', 'vmdk', '-F', 'vmdk', '-o', 'subformat=twoGbMaxExtentSparse'];
      await runTool('qemu-img', [...create, '-b', 'base.vmdk', workplace.path('top.vmdk')]);
      const descriptor = await readFile(workplace.path('top.vmdk'), 'latin1');
      const named = (name: string) =>
        descriptor.replace(/^parentFileNameHint=.*$/m, () => `parentFileNameHint="${name}"`);
      await writeFile(workplace.path('top.vmdk'), named(hint), 'latin1');
      const refused = await type(`${line} top.vmdk`);
      expect(refused.stderr).toMatch(
        /parentFileNameHint .* cannot be used: .*(?:correct parentFileNameHint|replace it)/,
      );
      await writeFile(workplace.path('top.vmdk'), named('base.vmdk'), 'latin1');
      expect(await followAll(line, 'top.vmdk')).toBe(0);
    },
  );

  test('whose base is missing, after the overlay is rebased', async () => {
    await qcow2('lost.qcow2', ['-u', '-b', '/somewhere/else.raw', '-F', 'raw']);
    const refused = await type(`${line} lost.qcow2`);
    const command = remedyIn(refused, /, or name the file in the overlay with (qemu-img rebase .*)\n/);
    expect(await type(command.replace(' FILE ', ' clone.raw '))).toMatchObject({ code: 0 });
    expect(await followAll(line, 'lost.qcow2')).toBe(0);
  });
});

describe('the remedy for a cache', () => {
  test('is printed once, and does not change a disk that was named as the cache', async () => {
    const before = await readFile(workplace.path('other.raw'));
    const ended = await type('virt-similarity -q --cache other.raw base.raw clone.raw');
    expect(ended).toMatchObject({ code: 4, stdout: '' });
    expect(ended.stderr).toMatch(
      /^virt-similarity: error: cannot use the cache .*found a file that is not a directory; choose another directory with --cache\n$/,
    );
    expect(await readFile(workplace.path('other.raw'))).toEqual(before);
  });

  test('makes a world-writable directory private', async () => {
    await mkdir(workplace.path("o'pen $cache"));
    await chmod(workplace.path("o'pen $cache"), 0o777);
    const line = 'virt-similarity -q --cache "o\'pen \\$cache" base.raw clone.raw';
    const refused = await type(line);
    expect(refused.stderr.split('\n')).toHaveLength(2);
    const command = remedyIn(refused, /; run (chmod .*), or choose another directory with --cache\n/);
    expect(await type(command)).toMatchObject({ code: 0 });
    expect(await type(line)).toMatchObject({ code: 0, stderr: '' });
  });
});

test.each(['new', "it's $new/below", '-new'])(
  'the remedy for a missing output directory creates it: %j',
  async (name) => {
    const quoted = `-o "./${name.replaceAll('$', '\\$')}/tree.nwk"`;
    const line = `virt-similarity -q --no-cache ${quoted} base.raw clone.raw`;
    const refused = await type(line);
    expect(refused.stderr).not.toContain('ENOENT');
    const command = remedyIn(refused, /; create it with (mkdir .*)\n/);
    expect(await type(command)).toMatchObject({ code: 0, stderr: '' });
    expect(await type(line)).toMatchObject({ code: 0, stderr: '' });
    expect(await readdir(workplace.path(name))).toContain('tree.nwk');
  },
);
