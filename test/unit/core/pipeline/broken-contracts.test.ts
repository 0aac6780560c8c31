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
import { MemoryDiskImage } from '../../../fixtures/memory-disk-image.js';
import { MemoryDisksPlugin } from '../../../fixtures/memory-reader.js';

const OPTIONS = { hasher: 'first-byte', blockSize: 512 };
const IMAGES = ['memory:a', 'memory:b'];

class FirstByteHasher {
  readonly name: string = 'first-byte';
  readonly version = '1';
  readonly digestLength = 1;
  hash(block: Uint8Array, digest: Uint8Array): void {
    digest[0] = block[0]!;
  }
}

const own = { name: 'own', hashers: [FirstByteHasher] };

/** A reader of two different disks that gives them the identities it is given: when it looks, and when it opens. */
function readerOf(looked: unknown, opened: unknown = looked): Plugin {
  class Reader implements DiskReader {
    readonly name = 'careless';
    async canRead(): Promise<boolean> {
      return true;
    }
    async identify(): Promise<ImageIdentity> {
      return looked as ImageIdentity;
    }
    async open({ path }: { readonly path: string }): Promise<DiskImage> {
      return new MemoryDiskImage(Buffer.alloc(512, path), undefined, opened as ImageIdentity);
    }
  }
  return { name: 'careless', readers: [Reader] };
}

const LAYER = { path: '/a', device: 1n, inode: 1n, size: 1n, mtimeNs: 1n, ctimeNs: 1n };

describe('a reader whose identity', () => {
  test.each([
    ['has no layer', { layers: [], view: 'x' }, 'at least one layer, or to be volatile, found []'],
    ['has no layers', { view: 'x' }, 'layers, found undefined'],
    ['has no view', { layers: [LAYER] }, 'a view, found undefined'],
    [
      'has times that are no bigint',
      { layers: [{ ...LAYER, ctimeNs: 1 }], view: 'x' },
      'layers whose ctimeNs is a bigint, found 1',
    ],
  ])('%s is refused, as it could be that of any image', async (_, identity, problem) => {
    const error = { code: 'plugin', message: `[careless] expected an identity to have ${problem}; fix the reader` };
    for (const plugin of [readerOf(identity), readerOf({ layers: [LAYER], view: 'x' }, identity)]) {
      const analysis = createAnalyzer({ plugins: [plugin, own] }).analyze(IMAGES, OPTIONS);
      await expect(analysis).rejects.toMatchObject(error);
    }
  });

  test('is refused on one line, whatever it is', async () => {
    const view = { lines: ['x'.repeat(40), 'y'.repeat(40), 'z'.repeat(40)] };
    const analysis = createAnalyzer({ plugins: [readerOf({ layers: [LAYER], view }), own] }).analyze(IMAGES, OPTIONS);
    const message = /^\[careless\] expected an identity to have a view, found \{ lines: \[.{1,90}; fix the reader$/;
    await expect(analysis).rejects.toMatchObject({ message: expect.stringMatching(message) });
  });

  test('has no layer and is volatile reads every image', async () => {
    const plugin = readerOf({ layers: [], view: 'x', volatile: true });
    const { distances } = await createAnalyzer({ plugins: [plugin, own] }).analyze(['1', '2'], OPTIONS);
    expect([...distances.values]).toEqual([1]);
  });
});

describe('a metric', () => {
  test.each([undefined, 'positon'])('whose alignment is %p is refused before an image is read', async (alignment) => {
    class Metric extends HammingMetric {
      override readonly name = 'mine' as never;
      override readonly alignment = alignment as never;
    }
    const metric: DistanceMetric = new Metric();
    const message = expect.stringContaining("expected the metric's alignment to be position or free, found");
    const disks = new MemoryDisksPlugin({ 'memory:a': new Uint8Array(512), 'memory:b': new Uint8Array(512) });
    const analyzer = createAnalyzer({ plugins: [disks, own, { name: 'mine', metrics: [Metric] }] });
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

test('a part without a name is refused, and its plugin named', () => {
  class Nameless extends FirstByteHasher {
    override readonly name: string = '';
  }
  expect(() => createAnalyzer({ plugins: [{ name: 'careless', hashers: [Nameless] }] })).toThrow(
    "[careless] expected a hasher to have a name, found ''; give its class a name",
  );
});
