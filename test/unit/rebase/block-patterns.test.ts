import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { blockPatterns, UNIQUE, ZERO } from '#rebase/block-patterns.js';
import { numberVector } from './number-vectors.js';

/** Returns the labels at a block number, computed from their definition. */
function labelsAt(block: number, contents: readonly (readonly number[])[]): number[] {
  const digests = contents.map((content) => content[block] ?? 0);
  const shared = [...new Set(digests)].filter(
    (digest) => digest !== 0 && digests.indexOf(digest) !== digests.lastIndexOf(digest),
  );
  return digests.map((digest) => (digest === 0 ? ZERO : shared.includes(digest) ? shared.indexOf(digest) + 1 : UNIQUE));
}

const contents = fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 30 }), { minLength: 1, maxLength: 6 });

test('every block number with data has the pattern of the images at that block', async () => {
  await fc.assert(
    fc.asyncProperty(contents, async (images) => {
      const patterns = await blockPatterns(images.map((content) => numberVector(content)));
      const found = new Map(patterns.flatMap(({ labels, blocks }) => blocks.map((block) => [block, [...labels]])));
      const expected = new Map<number, number[]>();
      for (let block = 0; block < 30; block++) {
        const labels = labelsAt(block, images);
        if (labels.some((label) => label !== ZERO)) {
          expected.set(block, labels);
        }
      }
      expect(found).toEqual(expected);
    }),
  );
});

test('patterns cover every block number with data, up to the end of the largest disk', async () => {
  const far = new Array<number>(3_000_000).fill(0);
  far[0] = 7;
  far[2_999_999] = 8;
  const patterns = await blockPatterns([numberVector(far), numberVector(far), numberVector([7])]);
  expect(patterns.map(({ labels, blocks }) => [[...labels], blocks])).toEqual([
    [[1, 1, 1], [0]],
    [[1, 1, 0], [2_999_999]],
  ]);
});
