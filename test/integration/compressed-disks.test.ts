import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createAnalyzer, type HashOptions } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers, { RawReader } from '@virt-similarity/readers';
import { diskStreamContract } from '@virt-similarity/testing';
import { deterministicBytes } from '../fixtures/deterministic-bytes.js';
import { withFakeProgram } from '../fixtures/index.js';
import { settled } from '../fixtures/settled.js';

const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-compressed-'));
afterAll(() => rm(directory, { recursive: true }));
const at = (name: string) => join(directory, name);

/** Longer than a task of the hashing threads, with zeros, and not a whole number of sectors. */
const CONTENT = Buffer.concat([
  deterministicBytes('first', 2 * 2 ** 20),
  Buffer.alloc(7 * 2 ** 20),
  deterministicBytes('last', 70_001),
]);
await writeFile(at('disk.raw'), CONTENT);

/** Runs shell commands in the directory. */
function run(command: string): void {
  execFileSync('bash', ['-c', `set -e -o pipefail; ${command}`], { cwd: directory, stdio: 'pipe' });
}

const analyzer = createAnalyzer({ plugins: [readers, hashers] });

/** Hashes a file. Returns the size and rows of its vector, and the notes; or the error. */
async function hashed(name: string, options: Partial<HashOptions> = {}, format?: string) {
  const notes: string[] = [];
  const onNote: HashOptions['onNote'] = (level, note) => void notes.push(`${level}: ${note}`);
  for await (const outcome of analyzer.hash([{ path: at(name), format }], { cache: false, onNote, ...options })) {
    if ('error' in outcome) {
      return outcome.error;
    }
    const rows: unknown[] = [];
    for await (const { blocks, digests } of outcome.vector.rows()) {
      rows.push([...blocks], Buffer.from(digests).toString('hex'));
    }
    return { virtualSize: outcome.vector.virtualSize, rows, notes };
  }
  throw new Error('no outcome');
}

const RAW = await hashed('disk.raw');
const CORRUPT = expect.objectContaining({ code: 'corrupt' });
const refusedWith = (message: RegExp) =>
  expect.objectContaining({ code: 'refused', message: expect.stringMatching(message) });

/** Each extension with its format, its compressing command, and variants of the command. */
const COMPRESSIONS: readonly (readonly [extension: string, format: string, command: string, ...variants: string[]])[] =
  [
    ['gz', 'gzip', 'gzip -c', 'gzip -9c'],
    ['xz', 'xz', 'xz -0 -c', 'xz -0 --block-size=1MiB -c', 'xz -0 --check=none -c'],
    ['zst', 'zstd', 'zstd -q -c', 'zstd -q -c --long=31 --no-check <'],
    ['bz2', 'bzip2', 'bzip2 -c', 'bzip2 -1c'],
  ];

describe.each(COMPRESSIONS)('a raw disk in a .%s file', (extension, format, command, ...variants) => {
  const name = `disk.raw.${extension}`;
  run(`${command} disk.raw > ${name}`);

  for (const { title, run: runTest } of diskStreamContract(async () => ({
    reader: new RawReader(),
    image: { source: { path: at(name) }, options: { allowedDirectories: [directory] }, content: CONTENT },
  }))) {
    test(title, runTest);
  }

  test('has the same hash vector and notes as the raw disk', async () => {
    expect(await hashed(name)).toEqual(RAW);
    expect(await hashed(name, { blockSize: 16 * 2 ** 20 })).toEqual(
      await hashed('disk.raw', { blockSize: 16 * 2 ** 20 }),
    );
    expect(await hashed(name, { sandbox: 'off' })).toEqual(RAW);
  });

  test.each(variants)('is also read if it was made by %s', async (variant) => {
    run(`${variant} disk.raw > variant.${extension}`);
    expect(await hashed(`variant.${extension}`)).toEqual(RAW);
  });

  test('can consist of several streams', async () => {
    run(`(head -c 5000000 disk.raw | ${command}; tail -c +5000001 disk.raw | ${command}) > joined.${extension}`);
    expect(await hashed(`joined.${extension}`)).toEqual(RAW);
  });

  test('can be a disk of 0 bytes', async () => {
    run(`true | ${command} > empty.img.${extension}`);
    expect(await hashed(`empty.img.${extension}`)).toMatchObject({ virtualSize: 0, rows: [] });
  });

  test('is recognised by its content, with a note', async () => {
    run(`cp ${name} ${format}.img`);
    const notes = [expect.stringContaining(`treated as ${format}, because its header says so`)];
    expect(await hashed(`${format}.img`)).toEqual({ ...RAW, notes });
    expect(await hashed(`${format}.img`, {}, format)).toEqual(RAW);
  });

  test('is not decompressed if its format is stated as raw', async () => {
    const { length } = await readFile(at(name));
    expect(await hashed(name, {}, 'raw')).toMatchObject({ virtualSize: length });
  });

  test('is corrupt if it is truncated, damaged, or followed by other bytes', async () => {
    const file = await readFile(at(name));
    const damaged = Buffer.from(file);
    damaged.fill(0x55, 1_000_000, 1_000_020);
    for (const bytes of [file.subarray(0, -1), file.subarray(0, 1_500_000), file.subarray(0, 12), damaged]) {
      await writeFile(at(`bad.img.${extension}`), bytes);
      expect(await hashed(`bad.img.${extension}`)).toEqual(CORRUPT);
    }
    await writeFile(at(`bad.img.${extension}`), Buffer.concat([file, Buffer.from('garbage')]));
    expect(await hashed(`bad.img.${extension}`)).toEqual(CORRUPT);
  });

  test('is refused beyond the largest allowed size', async () => {
    run(`head -c 80M /dev/zero | ${command} > bomb.img.${extension}`);
    const remedy = /its content is longer than 67108864 bytes, the limit; raise `maxVirtualSize` to allow it/;
    expect(await hashed(`bomb.img.${extension}`, { maxVirtualSize: 2 ** 26 })).toEqual(refusedWith(remedy));
  });

  test.each(['qemu', 'libguestfs'])('is refused by the reader %s, with a remedy', async (reader) => {
    expect(await hashed(name, { reader })).toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/reader: 'raw'/),
    });
  });
});

test('a file can expand to 1 GiB plus 32,768 times its size: enough for zstd, too little for bzip2', async () => {
  run('head -c 1200M /dev/zero | zstd -q -19 > zeros.img.zst');
  expect(await hashed('zeros.img.zst')).toMatchObject({ virtualSize: 1200 * 2 ** 20, rows: [] });
  run('head -c 64M /dev/zero | bzip2 > part.bz2; for part in {1..17}; do cat part.bz2; done > zeros.img.bz2');
  const { size } = await stat(at('zeros.img.bz2'));
  expect(await hashed('zeros.img.bz2')).toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(
      `expands to more than 1 GiB plus 32,768 times its ${size} stored bytes; .* bzip2 -dc '.*zeros.img.bz2' > '.*zeros.img' first`,
    ),
  });
});

test.each([
  ['zstd', 'zst', 'zstd -q --long=31 -c <', 'requires too much memory'],
  ['xz', 'xz', 'xz --lzma2=preset=0,dict=300MiB -c', 'Memory usage limit reached'],
])('files that need much memory are decompressed by %s too', async (program, extension, command, limit) => {
  const large = [1, 2, 3].map((index) => `large-${index}.img.${extension}`);
  run(`${command} disk.raw > ${large[0]}; cp ${large[0]} ${large[1]}; cp ${large[0]} ${large[2]}`);
  run(`${program} -q -c disk.raw > small.img.${extension}`);
  // In the first attempt, the program has a memory limit and refuses these files.
  expect(() => run(`${program} -dc --memory=256MiB ${large[0]}`)).toThrow(limit);
  const outcomes = analyzer.hash([...large, `small.img.${extension}`].map(at), { cache: false, jobs: 4 });
  const sizes: unknown[] = [];
  for await (const outcome of outcomes) {
    sizes.push(outcome.error ?? outcome.vector.virtualSize);
  }
  expect(sizes).toEqual(new Array(4).fill(CONTENT.length));
});

test('a file of which only a later part needs much memory causes an error', async () => {
  run('(head -c 5000000 disk.raw | zstd -q -c; tail -c +5000001 disk.raw | zstd -q -c --long=31) > later.img.zst');
  expect(await hashed('later.img.zst')).toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(
      /needs too much memory to be decompressed; unpack it with zstd -dc '.*' > '.*' first/,
    ),
  });
});

describe('a compressed file is refused, with a command that unpacks it, if it contains', () => {
  test.each([
    ['qcow2', 'qemu-img convert -O qcow2 disk.raw a.qcow2; gzip a.qcow2', 'a.qcow2.gz', 'a.qcow2'],
    ['vmdk', 'qemu-img convert -O vmdk disk.raw a.vmdk; xz -0 a.vmdk', 'a.vmdk.xz', 'a.vmdk'],
    ['qcow2 in .raw', 'qemu-img convert -O qcow2 disk.raw b.raw; zstd -q b.raw', 'b.raw.zst', undefined],
    ['qcow2, renamed', 'qemu-img convert -O qcow2 disk.raw a.qcow2; gzip -c a.qcow2 > c.img', 'c.img', 'c.img.qcow2'],
    [
      'vpc, whose header is at its end',
      'qemu-img convert -O vpc -o subformat=fixed disk.raw a.vhd; gzip a.vhd; mv a.vhd.gz v.img.gz',
      'v.img.gz',
      undefined,
    ],
    ['vpc by its name', 'qemu-img convert -O vpc -o subformat=fixed disk.raw f.vhd; gzip f.vhd', 'f.vhd.gz', 'f.vhd'],
    ['no header of the format in its name', 'gzip -c disk.raw > plain.qcow2.gz', 'plain.qcow2.gz', undefined],
    ['tar', 'tar -czf vm.box disk.raw', 'vm.box', 'vm.box.tar'],
    ['another compression', 'xz -0c disk.raw | gzip > d.img.xz.gz', 'd.img.xz.gz', 'd.img.xz'],
    ['text', 'head -c 100000 <(yes log) | gzip > syslog.1.gz', 'syslog.1.gz', undefined],
  ])('%s', async (_, command, name, unpacked) => {
    run(command);
    const error = await hashed(name);
    expect(error).toEqual(refusedWith(/unpack it with .* first$/));
    if (unpacked !== undefined) {
      const remedy = /unpack it with (.*) first$/.exec((error as Error).message)![1]!;
      await rm(at(unpacked), { force: true });
      run(remedy);
      expect(await hashed(unpacked)).toMatchObject({ virtualSize: expect.any(Number) });
    }
  });
});

test('LUKS in a compressed file causes a warning, also if the vector is cached', async () => {
  await writeFile(at('luks.img'), Buffer.concat([Buffer.from('LUKS\xba\xbe', 'latin1'), CONTENT]));
  run('gzip -f luks.img; touch -d 2020-01-01 luks.img.gz');
  await settled([at('luks.img.gz')]);
  const notes = [expect.stringMatching(/^warning: .*its disk is encrypted with LUKS, .* unrelated; decrypt it to/)];
  const statuses: boolean[] = [];
  const onProgress: HashOptions['onProgress'] = (event) =>
    void (event.kind === 'image-finished' && statuses.push(event.cached));
  for (const cached of [false, true]) {
    expect(await hashed('luks.img.gz', { cache: at('luks-cache'), onProgress })).toMatchObject({ notes });
    expect(statuses.pop()).toBe(cached);
  }
});

test('a compressed disk is found in a directory, and a second run does not read it', async () => {
  run('mkdir listed; cp disk.raw.gz disk.raw.zst listed; cp disk.raw.gz listed/other.gz');
  const cache = at('cache');
  const { sources } = await analyzer.findImages([at('listed')]);
  expect(sources.map(({ path }) => path)).toEqual([at('listed/disk.raw.gz'), at('listed/disk.raw.zst')]);
  const statuses = async () => {
    const found: string[] = [];
    for await (const outcome of analyzer.hash(sources, { cache })) {
      found.push('vector' in outcome ? String(outcome.cached) : outcome.error.message);
    }
    return found;
  };
  // The vector of a file that was just written is not cached.
  await settled(sources.map(({ path }) => path));
  expect(await statuses()).toEqual(['false', 'false']);
  expect((await statuses()).toSorted()).toEqual(['true', 'true']);
});

test('a missing program is named with its package', async () => {
  const { PATH } = process.env;
  run('mkdir bin; ln -s $(command -v bwrap) $(command -v prlimit) bin');
  process.env.PATH = at('bin');
  try {
    expect(await hashed('disk.raw.zst')).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/zstd is not installed; install zstd/),
    });
  } finally {
    process.env.PATH = PATH;
  }
});

test('a program that is killed does not make the file corrupt', async () => {
  await withFakeProgram('zstd', 'head -c 100000 /dev/zero; kill -9 $$', async () => {
    expect(await hashed('disk.raw.zst', { sandbox: 'off' })).toMatchObject({ code: 'unavailable' });
  });
});

test('hashing ends when it is interrupted, even if the program never ends', async () => {
  const interruption = new AbortController();
  await withFakeProgram('zstd', 'exec cat /dev/zero', async () => {
    const onProgress: HashOptions['onProgress'] = ({ kind }) => {
      if (kind === 'image-advanced') {
        interruption.abort();
      }
    };
    const { signal } = interruption;
    await expect(hashed('disk.raw.zst', { sandbox: 'off', signal, onProgress })).rejects.toMatchObject({
      code: 'aborted',
    });
  });
});
