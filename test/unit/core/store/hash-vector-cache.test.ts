import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFile,
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import {
  HashVectorCache,
  type ImageIdentity,
  type Link,
  partsOf,
  processMark,
  stampOf,
  type VectorSubject,
  writeHashVector,
} from '@virt-similarity/core';
import { listCacheDirectory, withCacheDirectory } from '#core/store/cache-directory.js';
import { vectorKeyOf } from '#core/store/vector-key.js';
import { contentOf, exampleVector, IDENTITY, inDirectory } from '../vectors/example-vectors.js';

/** The hasher of the example vectors. */
const SHA256 = { name: 'sha256', version: '1' };

function subjectOf(
  identity: ImageIdentity,
  { name, version }: { readonly name: string; readonly version: string },
  blockSize = 65_536,
): VectorSubject {
  return { identity, algorithm: name, hasherVersion: version, blockSize };
}

async function linkOf(path: string, format = 'raw'): Promise<Link> {
  return { format, parts: [stampOf(path, await stat(path, { bigint: true }))] };
}

/** Calls `use` with a cache in a new directory, its warnings, and two image files: an overlay and its base. */
async function inCache(
  use: (fixture: {
    directory: string;
    cache: HashVectorCache;
    warnings: string[];
    top: string;
    base: string;
    identify(): Promise<ImageIdentity>;
  }) => Promise<void>,
): Promise<void> {
  await inDirectory(async (parent) => {
    const warnings: string[] = [];
    const directory = join(parent, 'similarity-cache');
    const [top, base] = [join(parent, 'top.qcow2'), join(parent, 'base.raw')];
    await writeFile(top, 'top');
    await writeFile(base, 'base');
    const identify = async () => ({ chain: [await linkOf(top, 'qcow2'), await linkOf(base)] });
    const cache = new HashVectorCache(directory, (message) => warnings.push(message));
    await use({ directory, cache, warnings, top, base, identify });
  });
}

/** A script that stores ten vectors of 9,000 rows and reads them back. Its arguments: cache, image, name. */
const WRITER = `
  import { stat } from 'node:fs/promises';
  import { HashVectorCache, hashVectorOf } from '@virt-similarity/core';
  const [, directory, path, name] = process.argv;
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const parts = [{ kind: 'file', path, device: dev, inode: ino, size, mtimeNs, ctimeNs }];
  const blocks = Uint32Array.from({ length: 9000 }, (_, row) => row);
  const fail = (message) => { throw new Error(message); };
  for (let round = 0; round < 10; round += 1) {
    const identity = { chain: [{ format: 'round ' + round, parts }] };
    const made = { algorithm: 'md5', hasherVersion: '1', digestLength: 16 };
    const header = { name, ...made, blockSize: 512, virtualSize: 512 * 9000, identity };
    const cache = new HashVectorCache(directory, fail);
    const stored = await cache.store(hashVectorOf(header, blocks, new Uint8Array(16 * 9000).fill(round)));
    for (const vector of [stored, await cache.find({ ...made, identity, blockSize: 512 })]) {
      let rows = 0;
      for await (const { blocks, digests } of vector.rows()) {
        rows += blocks.length;
        if (digests.some((byte) => byte !== round)) fail('wrong digest');
      }
      if (rows !== 9000) fail('rows are missing');
    }
  }
`;

/** Returns a copy in which each occurrence of a 64-bit number at a multiple of 4 bytes is replaced. */
function forged(bytes: Buffer, from: bigint, to: bigint): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = 0; at + 8 <= copy.length; at += 4) {
    if (copy.readBigInt64LE(at) === from) {
      copy.writeBigInt64LE(to, at);
    }
  }
  return copy;
}

/** Returns a copy in which the first sequence of these block numbers is replaced. */
function withBlocks(bytes: Buffer, from: readonly number[], to: readonly number[]): Buffer {
  const [old, changed] = [from, to].map((blocks) => Buffer.from(Uint32Array.from(blocks).buffer));
  const copy = Buffer.from(bytes);
  changed!.copy(copy, copy.indexOf(old!));
  return copy;
}

const entriesIn = async (directory: string) => (await readdir(directory)).filter((name) => name.endsWith('.arrow'));

/** Writes an entry without a hasher version. */
async function writeUnversionedEntry(directory: string, identity: ImageIdentity): Promise<void> {
  const { hasherVersion: _, ...vector } = exampleVector(1, { identity, name: 'unversioned' });
  const path = join(directory, 'new.arrow');
  await writeHashVector(vector, path);
  const digest = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  await rename(path, join(directory, `${vectorKeyOf({ ...vector, identity })}.${digest}.arrow`));
}

describe('entries of another hasher version', () => {
  test('are outdated if the current version is known, and always if they have no version; prune removes both', () =>
    inCache(async ({ directory, cache, identify }) => {
      const identity = await identify();
      await cache.store(exampleVector(1, { identity, name: 'first' }));
      await cache.store(exampleVector(1, { identity, name: 'second', hasherVersion: '2' }));
      await writeUnversionedEntry(directory, identity);
      const statesWith = async (...versions: [string, string][]) => {
        const entries = await cache.verify({ hasherVersions: new Map(versions) });
        return entries.map((entry) => `${'header' in entry ? entry.header.name : ''} ${entry.state}`).sort();
      };
      expect(await statesWith()).toEqual(['first current', 'second current', 'unversioned outdated']);
      expect(await statesWith(['md5', '3'])).toEqual(['first current', 'second current', 'unversioned outdated']);
      expect(await statesWith(['sha256', '2'])).toEqual(['first outdated', 'second current', 'unversioned outdated']);
      expect(await cache.find(subjectOf(identity, { name: 'sha256', version: '3' }))).toBeUndefined();
      expect(await cache.prune()).toHaveLength(1);
      expect(await cache.prune({ hasherVersions: new Map([['sha256', '2']]) })).toHaveLength(1);
      expect(await statesWith()).toEqual(['second current']);
    }));
});

describe('the cache of hash vectors', () => {
  test('finds what was stored, even from another instance', () =>
    inCache(async ({ directory, cache, warnings, identify }) => {
      const identity = await identify();
      expect(await cache.find(subjectOf(identity, SHA256))).toBeUndefined();
      const vector = exampleVector(9000, { identity });
      const stored = await cache.store(vector);
      const found = await new HashVectorCache(directory).find(subjectOf(await identify(), SHA256));
      expect(await contentOf(stored)).toEqual(await contentOf(vector));
      expect(await contentOf(found!)).toEqual(await contentOf(vector));
      expect(warnings).toEqual([]);
    }));

  test('does not create its directory before the first store', () =>
    inCache(async ({ directory, cache }) => {
      await cache.find(subjectOf(IDENTITY, SHA256, 512));
      expect(await cache.list()).toEqual([]);
      expect(await cache.prune()).toEqual([]);
      await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
    }));

  test('is private to the user', () =>
    inCache(async ({ directory, cache, identify }) => {
      await cache.store(exampleVector(1, { identity: await identify() }));
      expect((await stat(directory)).mode & 0o777).toBe(0o700);
      const [entry] = await readdir(directory);
      expect(entry).toMatch(/^[0-9a-f]{32}\.[0-9a-f]{64}\.arrow$/);
      expect((await stat(join(directory, entry!))).mode & 0o777).toBe(0o600);
    }));

  test('misses an image that was touched, rewritten or replaced, or whose base changed', () =>
    inCache(async ({ cache, top, base, identify }) => {
      const missesAfter = async (change: () => Promise<void>) => {
        await cache.store(exampleVector(1, { identity: await identify() }));
        expect(await cache.find(subjectOf(await identify(), SHA256))).toBeDefined();
        await change();
        expect(await cache.find(subjectOf(await identify(), SHA256))).toBeUndefined();
      };
      await missesAfter(() => utimes(top, 1, 1));
      await missesAfter(() => writeFile(top, 'pot'));
      await missesAfter(() => appendFile(base, 'more'));
      await missesAfter(async () => {
        await writeFile(`${top}.new`, 'top');
        await rename(`${top}.new`, top);
      });
    }));

  test('misses an image with other formats or files, another algorithm or block size', () =>
    inCache(async ({ cache, identify }) => {
      const identity = await identify();
      await cache.store(exampleVector(1, { identity }));
      const [top, base] = identity.chain;
      expect(await cache.find(subjectOf({ chain: [{ ...top!, format: 'raw' }, base!] }, SHA256))).toBeUndefined();
      expect(await cache.find(subjectOf({ chain: [top!, { ...base!, parts: [] }] }, SHA256))).toBeUndefined();
      expect(await cache.find(subjectOf({ chain: [top!] }, SHA256))).toBeUndefined();
      expect(await cache.find(subjectOf(identity, { name: 'md5', version: '1' }))).toBeUndefined();
      expect(await cache.find(subjectOf(identity, SHA256, 512))).toBeUndefined();
    }));

  test('finds an image under another path', () =>
    inCache(async ({ cache, identify }) => {
      const identity = await identify();
      await cache.store(exampleVector(1, { identity }));
      const elsewhere = identity.chain.map(({ format, parts }) => ({
        format,
        parts: parts.map((part) => ({ ...part, path: `/elsewhere${part.path}` })),
      }));
      expect(await cache.find(subjectOf({ chain: elsewhere }, SHA256))).toBeDefined();
    }));

  test.each<[string, (bytes: Buffer) => Buffer]>([
    ['random bytes', (bytes) => Buffer.from(bytes.map((_, at) => (Math.imul(at + 1, 2_654_435_761) >>> 13) & 255))],
    ['0 bytes', () => Buffer.alloc(0)],
    ['10⁹ rows', (bytes) => forged(bytes, 3n, 10n ** 9n)],
    ['rows that do not ascend', (bytes) => withBlocks(bytes, [0, 3, 6], [0, 6, 3])],
    ['a row past the end of the disk', (bytes) => withBlocks(bytes, [0, 3, 6], [0, 3, 1_000_000])],
    [
      'a file without an inode',
      (bytes) => Buffer.from(bytes.toString('latin1').replaceAll('"inode"', '"_prot"'), 'latin1'),
    ],
  ])('misses an entry with %s despite its correct digest, with a warning', (_, change) =>
    inCache(async ({ directory, cache, warnings, identify }) => {
      const identity = await identify();
      await cache.store(exampleVector(3, { identity }));
      const [name] = await readdir(directory);
      const bytes = change(await readFile(join(directory, name!)));
      await rm(join(directory, name!));
      const digest = createHash('sha256').update(bytes).digest('hex');
      await writeFile(join(directory, `${name!.slice(0, 32)}.${digest}.arrow`), bytes);
      expect(await cache.find(subjectOf(identity, SHA256))).toBeUndefined();
      expect(warnings).toEqual([expect.stringContaining('the image is read again')]);
      expect(await cache.verify()).toEqual([]);
      const stored = await cache.store(exampleVector(3, { identity }));
      expect((await contentOf(stored)).blocks).toEqual([0, 3, 6]);
      expect((await cache.verify()).map(({ state }) => state)).toEqual(['current']);
    }),
  );

  test('is not affected by __proto__ and constructor in the metadata of an entry', () =>
    inCache(async ({ directory, cache, identify }) => {
      const parts = partsOf(await identify()).map((part) => ({ ...part, path: '__proto__' }));
      const identity = { chain: [{ format: 'constructor', parts }] };
      await cache.store(exampleVector(1, { identity, name: '__proto__' }));
      expect(await cache.list()).toMatchObject([{ state: 'missing', header: { name: '__proto__' } }]);
      expect(({} as Record<string, unknown>).path).toBeUndefined();
      expect(await readdir(directory)).toHaveLength(1);
    }));

  test('misses an entry that is too long, and replaces it on the next store', () =>
    inCache(async ({ directory, cache, warnings, identify }) => {
      const identity = await identify();
      await cache.store(exampleVector(1, { identity }));
      const [entry] = await readdir(directory);
      await appendFile(join(directory, entry!), 'x');
      expect(await cache.find(subjectOf(identity, SHA256))).toBeUndefined();
      await cache.store(exampleVector(1, { identity }));
      expect(await cache.find(subjectOf(identity, SHA256))).toBeDefined();
      expect(warnings).toHaveLength(1);
    }));

  test('removes a bad entry that it finds, even next to a good one', () =>
    inCache(async ({ directory, cache, warnings, identify }) => {
      const identity = await identify();
      await cache.store(exampleVector(1, { identity }));
      const [good] = (await readdir(directory)) as [string];
      await writeFile(join(directory, good.replace('.arrow', '.00000000.arrow')), 'bad');
      expect(await cache.find(subjectOf(identity, SHA256))).toBeDefined();
      expect(await readdir(directory)).toEqual([good]);
      expect(warnings).toHaveLength(1);
    }));

  test('removes bad entries of the same image when it stores', () =>
    inCache(async ({ directory, cache, identify }) => {
      const identity = await identify();
      await cache.store(exampleVector(1, { identity, name: 'a' }));
      const [bad] = await readdir(directory);
      await writeFile(join(directory, bad!), 'bad');
      await cache.store(exampleVector(1, { identity, name: 'b' }));
      const entries = await readdir(directory);
      expect(entries).toHaveLength(1);
      expect(entries).not.toContain(bad);
    }));

  test('misses an entry that has a correct digest but the key of another hash vector', () =>
    inCache(async ({ directory, cache, warnings, identify }) => {
      const identity = await identify();
      await cache.store(exampleVector(1, { identity }));
      await cache.store(exampleVector(1, { identity, algorithm: 'md5' }));
      const [one, two] = (await readdir(directory)) as [string, string];
      await rename(join(directory, one), join(directory, two.slice(0, 32) + one.slice(32)));
      await rm(join(directory, two));
      expect(await cache.find(subjectOf(identity, SHA256))).toBeUndefined();
      expect(await cache.find(subjectOf(identity, { name: 'md5', version: '1' }))).toBeUndefined();
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain('another hash vector');
    }));

  test('does not follow a symbolic link among its entries', () =>
    inCache(async ({ directory, cache, warnings, identify }) => {
      const identity = await identify();
      await cache.store(exampleVector(1, { identity }));
      const [entry] = await readdir(directory);
      await rename(join(directory, entry!), join(directory, 'real'));
      await symlink('real', join(directory, entry!));
      expect(await cache.find(subjectOf(identity, SHA256))).toBeUndefined();
      expect(warnings).toHaveLength(1);
    }));

  test('returns a readable vector to each of eight concurrent writers', () =>
    inCache(async ({ directory, cache, identify }) => {
      const identity = await identify();
      const expected = await contentOf(exampleVector(9000, { identity }));
      const stores = Array.from({ length: 8 }, (_, writer) =>
        new HashVectorCache(directory).store(exampleVector(9000, { identity, name: `disk${writer % 2}` })),
      );
      for (const vector of await Promise.all(stores)) {
        expect(await contentOf(vector)).toMatchObject({ blocks: expected.blocks, digests: expected.digests });
      }
      expect((await readdir(directory)).length).toBeLessThanOrEqual(2);
      expect((await cache.verify()).map(({ state }) => state)).not.toContain('bad');
    }));

  test.each(['missing', 'damaged'])(
    'keeps a vector readable when a slower writer stores it again, if the entry was %s',
    (state) =>
      inCache(async ({ directory, cache, identify }) => {
        const identity = await identify();
        const vector = exampleVector(9000, { identity });
        if (state === 'damaged') {
          await cache.store(vector);
          await appendFile(join(directory, (await readdir(directory))[0]!), 'x');
        }
        const finish: (() => void)[] = [];
        const slow = {
          ...vector,
          rows: async function* () {
            yield* vector.rows();
            await new Promise<void>((resolve) => finish.push(resolve));
          },
        };
        const stores = [1, 2].map(() => new HashVectorCache(directory).store(slow));
        while (finish.length < stores.length) {
          await setImmediate();
        }
        finish[0]!();
        const first = await Promise.race(stores);
        finish[1]!();
        const [one, other] = await Promise.all(stores);
        const expected = await contentOf(vector);
        for (const stored of [first, one!, other!]) {
          expect(await contentOf(stored)).toEqual(expected);
        }
        expect(await readdir(directory)).toEqual(await entriesIn(directory));
      }),
  );

  test('can be used by eight processes that store, find and read the same image concurrently', () =>
    inCache(async ({ directory, cache, top }) => {
      await Promise.all(
        Array.from({ length: 8 }, (_, writer) =>
          promisify(execFile)(process.execPath, ['--input-type=module', '-e', WRITER, directory, top, `disk${writer}`]),
        ),
      );
      const states = (await cache.verify()).map(({ state }) => state);
      expect(new Set(states)).toEqual(new Set(['current']));
      expect(await readdir(directory)).toEqual(await entriesIn(directory));
    }));

  test('leaves no file when storing is aborted', () =>
    inCache(async ({ directory, cache, identify }) => {
      const controller = new AbortController();
      const vector = exampleVector(20_000, { identity: await identify() });
      const aborting = {
        ...vector,
        async *rows() {
          for await (const rows of vector.rows()) {
            yield rows;
            controller.abort();
          }
        },
      };
      const stored = cache.store(aborting, { signal: controller.signal });
      await expect(stored).rejects.toMatchObject({ code: 'aborted' });
      expect(await readdir(directory)).toEqual([]);
    }));

  test('returns vectors that remain readable after their signal has fired', () =>
    inCache(async ({ cache, identify }) => {
      const identity = await identify();
      const stop = new AbortController();
      const { signal } = stop;
      await cache.store(exampleVector(3, { identity }), { signal });
      const found = await cache.find(subjectOf(identity, SHA256), { signal });
      stop.abort();
      expect((await contentOf(found!)).blocks).toEqual([0, 3, 6]);
      await expect(cache.find(subjectOf(identity, SHA256), { signal })).rejects.toMatchObject({ code: 'aborted' });
    }));

  test('refuses to store a vector without an identity', () =>
    inCache(async ({ cache }) => {
      await expect(cache.store(exampleVector(1))).rejects.toMatchObject({ code: 'usage' });
    }));
});

describe('the cache directory', () => {
  const everyUse = (cache: HashVectorCache) => [
    cache.find(subjectOf(IDENTITY, SHA256)),
    cache.store(exampleVector(1, { identity: IDENTITY })),
    cache.list(),
    cache.verify(),
    cache.prune(),
  ];

  test.each<[string, (directory: string) => Promise<unknown>]>([
    [
      'a symbolic link',
      async (directory) => {
        await mkdir(`${directory}.real`, { mode: 0o700 });
        await symlink(`${directory}.real`, directory);
      },
    ],
    ['a dangling symbolic link', (directory) => symlink('nowhere', directory)],
    ['writable by everyone', (directory) => mkdir(directory).then(() => chmod(directory, 0o777))],
    ['writable by a group', (directory) => mkdir(directory).then(() => chmod(directory, 0o770))],
    ['a file', (directory) => writeFile(directory, '')],
  ])('is refused if it is %s', (_, make) =>
    inCache(async ({ directory, warnings }) => {
      await make(directory);
      for (const path of [directory, `${directory}/`]) {
        const uses = await Promise.allSettled(everyUse(new HashVectorCache(path)));
        for (const use of uses) {
          expect(use).toMatchObject({ status: 'rejected', reason: { code: 'refused' } });
        }
      }
      expect(warnings).toEqual([]);
    }),
  );

  test('is opened once, so that a replacement after the check is not used', () =>
    inCache(async ({ directory, cache, identify }) => {
      const identity = await identify();
      await cache.store(exampleVector(1, { identity }));
      await withCacheDirectory(directory, async (opened) => {
        await rename(directory, `${directory}.moved`);
        await mkdir(directory, { mode: 0o700 });
        await writeFile(join(directory, `${'0'.repeat(32)}.${'0'.repeat(64)}.arrow`), 'forged');
        expect(await listCacheDirectory(opened!)).toEqual(await readdir(`${directory}.moved`));
      });
    }));

  test('keeps a directory that is named like an entry, and reports it', () =>
    inCache(async ({ directory, cache, identify }) => {
      await cache.store(exampleVector(1, { identity: await identify() }));
      const [own, bad] = ['0', '1'].map((digit) => `${digit.repeat(32)}.${'0'.repeat(64)}.arrow`) as [string, string];
      await mkdir(join(directory, own));
      await writeFile(join(directory, own, 'file'), 'foreign');
      await writeFile(join(directory, bad), 'bad');
      await expect(cache.prune()).rejects.toMatchObject({ code: 'unreadable', message: expect.stringContaining(own) });
      expect(await readFile(join(directory, own, 'file'), 'utf8')).toBe('foreign');
      expect(await readdir(directory)).not.toContain(bad);
    }));

  test('is refused if another user owns it', () =>
    inCache(async ({ directory }) => {
      const isRoot = process.getuid?.() === 0;
      await mkdir(directory, { mode: 0o700 });
      if (isRoot) {
        await chown(directory, 65_534, 65_534);
      }
      // Only root can give a directory to another user. As any other user, the test uses /, which belongs to root.
      const uses = await Promise.allSettled(everyUse(new HashVectorCache(isRoot ? directory : '/')));
      for (const use of uses) {
        expect(use).toMatchObject({ status: 'rejected', reason: { code: 'refused' } });
      }
    }));

  test.each<[string, (top: string) => string]>([
    ['is below a file', (top) => join(top, 'cache')],
    ['cannot be written to', () => '/proc/self/fd'],
  ])('causes one warning without internal details if it %s', (_, directoryOf) =>
    inCache(async ({ top, identify }) => {
      const warnings: string[] = [];
      const cache = new HashVectorCache(directoryOf(top), (message) => warnings.push(message));
      const vector = exampleVector(1, { identity: await identify() });
      expect(await cache.find(subjectOf(vector.identity!, SHA256))).toBeUndefined();
      expect(await cache.store(vector)).toBe(vector);
      expect(await cache.store(vector)).toBe(vector);
      expect(warnings).toEqual([expect.stringMatching(/; this run is not cached$/)]);
      expect(warnings[0]).not.toMatch(/\/fd\/\d|E[A-Z]{4}/);
    }),
  );
});

describe('maintenance of the cache', () => {
  test('lists each entry and whether its image has changed', () =>
    inCache(async ({ directory, cache, base, identify }) => {
      await cache.store(exampleVector(3, { identity: await identify(), name: 'current' }));
      expect(await cache.list()).toEqual([
        {
          path: join(directory, (await readdir(directory))[0]!),
          bytes: (await stat(join(directory, (await readdir(directory))[0]!))).size,
          state: 'current',
          header: expect.objectContaining({ name: 'current', algorithm: 'sha256', blockSize: 65_536, dataBlocks: 3 }),
        },
      ]);
      await appendFile(base, 'more');
      expect((await cache.list()).map(({ state }) => state)).toEqual(['changed']);
      await rm(base);
      expect((await cache.list()).map(({ state }) => state)).toEqual(['missing']);
    }));

  test('verifies the digest of every entry', () =>
    inCache(async ({ directory, cache, identify }) => {
      await cache.store(exampleVector(3, { identity: await identify() }));
      const path = join(directory, (await readdir(directory))[0]!);
      const bytes = await readFile(path);
      await writeFile(path, bytes.fill(255, 8 * 100, 8 * 100 + 1));
      expect(await cache.verify()).toMatchObject([{ path, state: 'bad' }]);
    }));

  test('prunes changed, missing and bad entries, and keeps all other files', () =>
    inCache(async ({ directory, cache, top, base, identify }) => {
      await cache.store(exampleVector(1, { identity: { chain: [await linkOf(top)] }, name: 'kept' }));
      await cache.store(exampleVector(1, { identity: await identify(), name: 'changed' }));
      await appendFile(base, 'more');
      await cache.store(exampleVector(1, { identity: { chain: IDENTITY.chain.slice(0, 1) }, name: 'missing' }));
      await writeFile(join(directory, `${'0'.repeat(32)}.${'0'.repeat(64)}.arrow`), 'bad');
      await writeFile(join(directory, 'README'), 'not an entry');
      const removed = await cache.prune();
      expect(removed.map(({ state }) => state).sort()).toEqual(['bad', 'changed', 'missing']);
      expect(await cache.list()).toMatchObject([{ state: 'current', header: { name: 'kept' } }]);
      expect(await readdir(directory)).toContain('README');
    }));

  test('removes temporary files of killed writers, and keeps those of running writers', () =>
    inCache(async ({ directory, cache, identify }) => {
      const identity = await identify();
      await cache.store(exampleVector(1, { identity }));
      const [pid, ...rest] = processMark().split('-');
      // No process has an ID above 2^22.
      const marks = [`${2 ** 22 + Number(pid)}-${rest.join('-')}`, processMark()];
      const [dead, living] = marks.map((mark) => `.virt-similarity-${mark}-${'0'.repeat(16)}.tmp`) as [string, string];
      const leave = async () => {
        await writeFile(join(directory, dead), '');
        await writeFile(join(directory, living), '');
        await utimes(join(directory, living), 1, 1);
      };
      await leave();
      await cache.prune();
      expect(await readdir(directory)).toEqual([living, ...(await entriesIn(directory))]);
      await leave();
      await cache.store(exampleVector(1, { identity, algorithm: 'md5' }));
      expect(await readdir(directory)).toEqual([living, ...(await entriesIn(directory))]);
    }));
});
