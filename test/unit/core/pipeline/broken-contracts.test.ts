import { describe, expect, test } from '@jest/globals';
import {
  compareVectors,
  createAnalyzer,
  type DiskImage,
  type DiskReader,
  type DistanceMetric,
  HammingMetric,
  hashVectorOf,
  type ImageIdentity,
  type Plugin,
} from '@virt-similarity/core';
import { MemoryDiskImage, MemoryDisksPlugin } from '@virt-similarity/testing';

const OPTIONS = { hasher: 'first-byte', blockSize: 512 };
const IMAGES = ['memory:a', 'memory:b'];

class FirstByteHasher {
  readonly version = '1';
  readonly digestLength = 1;
  hash(block: Uint8Array, digest: Uint8Array): void {
    digest[0] = block[0]!;
  }
}

const own = { name: 'own', hashers: { 'first-byte': FirstByteHasher } };

/** Returns a plugin with a reader whose `identify` and `open` return these identities. */
function readerOf(identified: unknown, opened: unknown = identified): Plugin {
  class Reader implements DiskReader {
    async identify(): Promise<ImageIdentity> {
      return identified as ImageIdentity;
    }
    async open({ path }: { readonly path: string }): Promise<DiskImage> {
      return new MemoryDiskImage(Buffer.alloc(512, path), undefined, opened as ImageIdentity);
    }
  }
  return { name: 'careless', readers: { careless: Reader } };
}

const PART = { kind: 'file', path: '/a', device: 1n, inode: 1n, size: 1n, mtimeNs: 1n, ctimeNs: 1n };

/** Returns an identity of one link with some members replaced. */
function linkOf(members: object): object {
  return { chain: [{ format: 'x', parts: [PART], ...members }] };
}

describe('a reader whose identity', () => {
  test.each([
    ['is null', null, 'a chain of at least one link, found undefined'],
    ['has no links', { chain: [] }, 'a chain of at least one link, found []'],
    ['has no format', linkOf({ format: undefined }), 'links whose format is a string without <, found undefined'],
    ['has two formats in one', linkOf({ format: 'a<b' }), "links whose format is a string without <, found 'a<b'"],
    ['has undefined parts', linkOf({ parts: undefined }), 'links with parts, found undefined'],
    ['has an empty list of parts', linkOf({ parts: [] }), 'links with at least one part, or volatile ones, found []'],
    [
      'has an object without a version',
      linkOf({ parts: [{ kind: 'object', path: 'https://a' }] }),
      'objects whose version is a string, found undefined',
    ],
    [
      'has a part of an unknown kind',
      linkOf({ parts: [{ ...PART, kind: 'disk' }] }),
      "parts whose kind is 'file' or 'object', found 'disk'",
    ],
    [
      'has a time that is not a bigint',
      linkOf({ parts: [{ ...PART, ctimeNs: 1 }] }),
      'parts whose ctimeNs is a bigint, found 1',
    ],
  ])('%s is refused', async (_, identity, problem) => {
    const error = { code: 'plugin', message: `[careless] expected an identity to have ${problem}; fix the reader` };
    for (const plugin of [readerOf(identity), readerOf(linkOf({}), identity)]) {
      const analysis = createAnalyzer({ plugins: [plugin, own] }).analyze(IMAGES, OPTIONS);
      await expect(analysis).rejects.toMatchObject(error);
    }
  });

  test('is invalid is refused with a message of one line', async () => {
    const format = { lines: ['x'.repeat(40), 'y'.repeat(40), 'z'.repeat(40)] };
    const analysis = createAnalyzer({ plugins: [readerOf(linkOf({ format })), own] }).analyze(IMAGES, OPTIONS);
    const message =
      /^\[careless\] expected an identity to have links .{1,60}, found \{ lines: \[.{1,90}; fix the reader$/;
    await expect(analysis).rejects.toMatchObject({ message: expect.stringMatching(message) });
  });

  test('is volatile and has no file is accepted', async () => {
    const plugin = readerOf(linkOf({ parts: [], volatile: true }));
    const { distances } = await createAnalyzer({ plugins: [plugin, own] }).analyze(['1', '2'], OPTIONS);
    expect([...distances.values]).toEqual([1]);
  });
});

describe('a metric', () => {
  test.each([undefined, 'positon'])('whose alignment is %p is refused before an image is read', async (alignment) => {
    class Metric extends HammingMetric {
      override readonly alignment = alignment as never;
    }
    const metric: DistanceMetric = new Metric();
    const message = expect.stringContaining("expected the metric's alignment to be position, free or distinct, found");
    const disks = new MemoryDisksPlugin({ 'memory:a': new Uint8Array(512), 'memory:b': new Uint8Array(512) });
    const analyzer = createAnalyzer({ plugins: [disks, own, { name: 'mine', metrics: { mine: Metric } }] });
    await expect(analyzer.analyze(IMAGES, { ...OPTIONS, metric: 'mine' })).rejects.toMatchObject({
      code: 'plugin',
      message,
    });
    expect(disks.opened).toEqual([]);
    const header = { name: 'v', algorithm: 'md5', digestLength: 1, blockSize: 512, virtualSize: 512 };
    const vector = hashVectorOf(header, Uint32Array.of(0), Uint8Array.of(1));
    await expect(compareVectors([vector, vector], metric)).rejects.toMatchObject({ code: 'plugin', message });
  });
});

test('a part without a name is refused', () => {
  expect(() => createAnalyzer({ plugins: [{ name: 'careless', hashers: { '': FirstByteHasher } }] })).toThrow(
    'expected every hasher to have a name, found an empty one',
  );
});
