import { mkdir, readdir, readFile, readlink, rename, rm, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  type HashVector,
  hashVectorOf,
  isNamedAsVector,
  openHashVector,
  partsOf,
  writeHashVector,
} from '@virt-similarity/core';
import fc from 'fast-check';
import { anyText } from '../../../fixtures/any-text.js';
import { contentOf, exampleVector, IDENTITY, inDirectory } from './example-vectors.js';

const codeUnit = fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit));
/** Includes lone surrogates, which represent bytes that are not UTF-8. */
const anyName = fc.oneof(anyText(), fc.string({ unit: codeUnit }));

const anyLink = fc.record(
  {
    format: anyText(),
    count: fc.nat(3),
    volatile: fc.constant(true as const),
    encryption: fc.constantFrom('ciphertext' as const, 'decrypted' as const),
    ciphertext: fc.array(
      fc.record({ scheme: fc.string(), partition: fc.nat(128), selector: fc.uuid() }, { requiredKeys: ['scheme'] }),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: ['format', 'count'] },
);

const anyVector = fc
  .record({
    digestLength: fc.integer({ min: 1, max: 64 }),
    blocks: fc.uniqueArray(fc.nat(100_000), { maxLength: 40 }),
    name: anyName,
    algorithm: fc.string({ minLength: 1 }),
    hasherVersion: fc.string({ minLength: 1, maxLength: 100 }),
    exponent: fc.integer({ min: 9, max: 24 }),
    seed: fc.nat(255),
    links: fc.option(fc.array(anyLink, { minLength: 1, maxLength: 3 }), { nil: undefined }),
    path: anyName,
  })
  .map(({ blocks, digestLength, exponent, seed, links, path, ...rest }) => {
    const blockSize = 2 ** exponent;
    const digests = Uint8Array.from({ length: blocks.length * digestLength }, (_, index) => (index * 31 + seed) & 255);
    const [part] = partsOf(IDENTITY);
    const chain = links?.map(({ count, ...link }) => ({
      ...link,
      parts: Array.from({ length: count }, () => ({ ...part!, path })),
    }));
    const identity = chain && { identity: { chain } };
    const header = { ...rest, digestLength, blockSize, virtualSize: 100_001 * blockSize, ...identity };
    return hashVectorOf(header, Uint32Array.from(blocks).sort(), digests);
  });

describe('a hash-vector file', () => {
  test('returns every vector that was written', () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'v.arrow');
      await fc.assert(
        fc.asyncProperty(anyVector, async (vector) => {
          await writeHashVector(vector, path);
          expect(await contentOf(await openHashVector(path))).toEqual(await contentOf(vector));
        }),
        { numRuns: 60 },
      );
    }));

  test.each([0, 1, 8191, 8192, 8193, 24_577])('returns a vector of %d rows', (rows) =>
    inDirectory(async (directory) => {
      const vector = exampleVector(rows, { identity: IDENTITY });
      const path = join(directory, 'v.arrow');
      await writeHashVector(vector, path);
      expect(await contentOf(await openHashVector(path))).toEqual(await contentOf(vector));
    }),
  );

  test('keeps the identity of an image that is an object', () =>
    inDirectory(async (directory) => {
      const part = { kind: 'object', path: 'https://a/disk.raw', version: '"7-ä"' } as const;
      const identity = { chain: [{ format: 'raw', parts: [part] }] };
      const path = join(directory, 'v.arrow');
      await writeHashVector(exampleVector(3, { identity }), path);
      expect((await openHashVector(path)).identity).toEqual(identity);
    }));

  test('records which files belong to which link, and which links are volatile', () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'v.arrow');
      const [top, base] = IDENTITY.chain;
      const extents = [...base!.parts, ...base!.parts];
      const identity = { chain: [top!, { format: 'vmdk', parts: extents, volatile: true as const }] };
      await writeHashVector(exampleVector(1, { identity }), path);
      expect((await openHashVector(path)).identity).toEqual(identity);
    }));

  test('does not record what a reader can open separately', () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'v.arrow');
      const chain = IDENTITY.chain.map((link) => ({ ...link, standalone: true as const }));
      await writeHashVector(exampleVector(1, { identity: { chain } }), path);
      expect((await openHashVector(path)).identity).toEqual(IDENTITY);
    }));

  test('has the same bytes regardless of the batches it was written from', () =>
    inDirectory(async (directory) => {
      const vector = exampleVector(10_000);
      const inOnes: HashVector = {
        ...vector,
        async *rows() {
          for await (const { blocks, digests } of vector.rows()) {
            for (const [row, block] of blocks.entries()) {
              yield { blocks: Uint32Array.of(block), digests: digests.subarray(row * 32, row * 32 + 32) };
            }
          }
        },
      };
      await writeHashVector(vector, join(directory, 'a'));
      await writeHashVector(inOnes, join(directory, 'b'));
      await writeHashVector(await openHashVector(join(directory, 'a')), join(directory, 'c'));
      const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => readFile(join(directory, name))));
      expect(b?.equals(a as Buffer)).toBe(true);
      expect(c?.equals(a as Buffer)).toBe(true);
    }));

  test('accepts digests in shared memory', () =>
    inDirectory(async (directory) => {
      const blocks = new Uint32Array(new SharedArrayBuffer(4));
      const digests = new Uint8Array(new SharedArrayBuffer(16)).fill(7);
      const header = { name: 'n', algorithm: 'md5', digestLength: 16, blockSize: 512, virtualSize: 512 };
      await writeHashVector(hashVectorOf(header, blocks, digests), join(directory, 'v'));
      const { digests: read } = await contentOf(await openHashVector(join(directory, 'v')));
      expect(read).toBe('07'.repeat(16));
    }));

  test('can be read concurrently, and is closed when a reader stops early', () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'v.arrow');
      await writeHashVector(exampleVector(20_000), path);
      const vector = await openHashVector(path);
      for await (const _ of vector.rows()) {
        break;
      }
      const contents = await Promise.all([contentOf(vector), contentOf(vector)]);
      expect(contents[0]).toEqual(contents[1]);
      expect(await openDescriptorsOf(path)).toBe(0);
    }));

  test('is reported as changed if another file took its place', () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'v.arrow');
      await writeHashVector(exampleVector(3), path);
      const vector = await openHashVector(path);
      await writeHashVector(exampleVector(4), join(directory, 'w.arrow'));
      await rename(join(directory, 'w.arrow'), path);
      await expect(contentOf(vector)).rejects.toMatchObject({ code: 'changed' });
    }));

  test('is reported as changed if it was removed', () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'v.arrow');
      await writeHashVector(exampleVector(3), path);
      const vector = await openHashVector(path);
      await rm(path);
      const message = `cannot read ${path}: it was changed or removed after it was opened; run again`;
      await expect(contentOf(vector)).rejects.toMatchObject({ code: 'changed', message });
    }));

  test('is reported as changed if it was written to while its rows were read', () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'v.arrow');
      await writeHashVector(exampleVector(3), path);
      const vector = await openHashVector(path);
      const reading = (async () => {
        for await (const _ of vector.rows()) {
          await utimes(path, 1, 1);
        }
      })();
      await expect(reading).rejects.toMatchObject({ code: 'changed', image: path });
    }));

  test('is not written if writing is aborted', () =>
    inDirectory(async (directory) => {
      const signal = AbortSignal.abort();
      const written = writeHashVector(exampleVector(3), join(directory, 'v'), { signal });
      await expect(written).rejects.toMatchObject({ code: 'aborted' });
      expect(await readdir(directory)).toEqual([]);
    }));

  test('is not read further once reading is aborted', () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'v.arrow');
      await writeHashVector(exampleVector(20_000), path);
      const controller = new AbortController();
      const vector = await openHashVector(path, { signal: controller.signal });
      const read = async () => {
        for await (const _ of vector.rows()) {
          controller.abort();
        }
      };
      await expect(read()).rejects.toMatchObject({ code: 'aborted' });
    }));

  test('is recognised by a given format, otherwise by its extension', () => {
    const named = (path: string, format?: string) => isNamedAsVector({ path, ...(format !== undefined && { format }) });
    expect(['a.arrow', 'A.ARROW', 'dir.img/a.img.arrow'].map((path) => named(path))).toEqual([true, true, true]);
    expect(['a', 'a.raw', 'arrow', 'a.arrow/disk', 'a.arrow.img'].map((path) => named(path))).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(named('a.raw', 'arrow')).toBe(true);
    expect(named('a.arrow', 'raw')).toBe(false);
  });

  test('is refused as a symbolic link if links must not be followed', () =>
    inDirectory(async (directory) => {
      const [path, link] = [join(directory, 'v.arrow'), join(directory, 'link.arrow')];
      await writeHashVector(exampleVector(1), path);
      await symlink('v.arrow', link);
      expect((await openHashVector(path, { noFollow: true })).name).toBe((await openHashVector(link)).name);
      const message = expect.stringContaining('found a symbolic link');
      await expect(openHashVector(link, { noFollow: true })).rejects.toMatchObject({ code: 'refused', message });
    }));

  test('must be a regular file that exists', () =>
    inDirectory(async (directory) => {
      await mkdir(join(directory, 'sub'));
      await expect(openHashVector(join(directory, 'none'))).rejects.toMatchObject({ code: 'unreadable' });
      await expect(openHashVector(join(directory, 'sub'))).rejects.toMatchObject({ code: 'refused' });
      await expect(openHashVector('/dev/zero')).rejects.toMatchObject({ code: 'refused' });
    }));
});

async function openDescriptorsOf(path: string): Promise<number> {
  const names = await readdir('/proc/self/fd');
  const targets = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')));
  return targets.filter((target) => target === path).length;
}
