import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AncestralBlocks } from '#rebase/ancestral-blocks.js';
import { type BaseTree, isDataOver } from '#rebase/base-tree.js';
import { UNIQUE, ZERO } from '#rebase/block-patterns.js';

/** Returns the number of bases, and of images on a base, that store data at one block number. */
function dataOf({ images, parents }: BaseTree, labels: ArrayLike<number>): number {
  let data = 0;
  for (const [node, parent] of parents.entries()) {
    if (node >= images || parent >= 0) {
      data += Number(isDataOver(labels[node]!, parent < 0 ? ZERO : labels[parent]!));
    }
  }
  return data;
}

/** Returns the smallest number that `dataOf` returns for any choice of the blocks of the bases. */
function leastData(tree: BaseTree, labels: readonly number[], shared: number): number {
  const bases = tree.parents.length - tree.images;
  let least = Number.POSITIVE_INFINITY;
  for (let choice = 0; choice < (shared + 1) ** bases; choice++) {
    const chosen = Array.from({ length: bases }, (_, base) => Math.floor(choice / (shared + 1) ** base) % (shared + 1));
    least = Math.min(least, dataOf(tree, [...labels, ...chosen]));
  }
  return least;
}

/** Trees of 2 to 6 images and 1 to 4 bases. The base of a base is a later base or none. */
const trees = fc
  .record({ images: fc.integer({ min: 2, max: 6 }), bases: fc.integer({ min: 1, max: 4 }) })
  .chain(({ images, bases }) =>
    fc.record({
      images: fc.constant(images),
      parents: fc
        .tuple(
          fc.array(fc.integer({ min: -1, max: bases - 1 }), { minLength: images, maxLength: images }),
          fc.array(fc.nat(), { minLength: bases, maxLength: bases }),
        )
        .map(([ofImages, ofBases]) =>
          Int32Array.from([
            ...ofImages.map((base) => (base < 0 ? -1 : images + base)),
            ...ofBases.map((number, base) => {
              const later = base + 1 + (number % (bases - base));
              return later < bases ? images + later : -1;
            }),
          ]),
        ),
      labels: fc.array(fc.constantFrom(ZERO, 1, 2, 3, UNIQUE), { minLength: images, maxLength: images }),
    }),
  );

test('the blocks of the bases are those with which all files together store the least data', () => {
  fc.assert(
    fc.property(trees, ({ images, parents, labels }) => {
      const tree = { images, parents };
      const pattern = { labels: Uint16Array.from(labels), shared: 3, blocks: [0] };
      const chosen = new AncestralBlocks(tree).labelsOf(pattern);
      expect([...chosen.subarray(0, images)]).toEqual(labels);
      expect(dataOf(tree, chosen)).toBe(leastData(tree, labels, 3));
    }),
    { numRuns: 500 },
  );
});

test('a block that most images have is in their base, and a block of one image is not', () => {
  const tree = { images: 3, parents: Int32Array.of(3, 3, 3, -1) };
  const blocks = new AncestralBlocks(tree);
  expect(blocks.labelsOf({ labels: Uint16Array.of(1, 1, UNIQUE), shared: 1, blocks: [0] })[3]).toBe(1);
  expect(blocks.labelsOf({ labels: Uint16Array.of(UNIQUE, ZERO, ZERO), shared: 0, blocks: [0] })[3]).toBe(ZERO);
});

test('the counts include the data that each file would store on the base of its base', () => {
  const tree = { images: 2, parents: Int32Array.of(2, 2, 3, -1) };
  const patterns = [
    { labels: Uint16Array.of(1, 1), shared: 1, blocks: [0, 1, 2] },
    { labels: Uint16Array.of(UNIQUE, ZERO), shared: 0, blocks: [3] },
  ];
  const { data, dataOnNext } = new AncestralBlocks(tree).countsOf(patterns);
  expect([...data].reduce((sum, count) => sum + count)).toBe(4);
  // Without its base, each image would store the common blocks unless the base below has them.
  expect([...dataOnNext.subarray(0, 2)]).toEqual(data[3] === 3 ? [1, 0] : [4, 3]);
});
