import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contentCounts } from '#rebase/stats/content-counts.js';
import { attributedBytes, freedBytes, spaceOfFiles } from '#rebase/stats/shared-space.js';
import { numberVector } from './number-vectors.js';

const contents = fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 12 }), {
  minLength: 1,
  maxLength: 5,
});

/** Counts groups of `factor` blocks by their texts. */
function occurrencesOf(images: readonly (readonly number[])[], factor: number): number[] {
  const found = new Map<string, number>();
  for (const image of images) {
    for (let start = 0; start < image.length; start += factor) {
      const group = Array.from({ length: factor }, (_, index) => image[start + index] ?? 0);
      if (group.some((block) => block !== 0)) {
        found.set(group.join(), (found.get(group.join()) ?? 0) + 1);
      }
    }
  }
  return [...found.values()];
}

describe('counts of blocks', () => {
  test.each([1, 2, 4])('of %d blocks of the vectors are those of a plain loop', async (factor) => {
    await fc.assert(
      fc.asyncProperty(contents, async (images) => {
        const counts = await contentCounts(
          images.map((image) => numberVector(image)),
          factor,
        );
        const expected = occurrencesOf(images, factor);
        expect(counts.blocks).toBe(expected.reduce((sum, count) => sum + count, 0));
        expect(counts.distinct).toBe(expected.length);
        expect(counts.blockSize).toBe(factor * 65_536);
        for (const { occurrences, distinct, blocks } of counts.buckets) {
          const within = expected.filter((count) => count >= occurrences && count < 2 * occurrences);
          expect({ distinct, blocks }).toEqual({
            distinct: within.length,
            blocks: within.reduce((sum, count) => sum + count, 0),
          });
        }
        expect(counts.buckets.reduce((sum, { distinct }) => sum + distinct, 0)).toBe(counts.distinct);
      }),
    );
  });

  test('distinguish the same blocks in another order', async () => {
    const counts = await contentCounts([numberVector([1, 2]), numberVector([2, 1]), numberVector([0, 1])], 2);
    expect(counts).toMatchObject({ blocks: 3, distinct: 3 });
  });
});

const UNITS = 20;
const range = fc
  .tuple(fc.integer({ min: 0, max: UNITS - 1 }), fc.integer({ min: 1, max: UNITS }))
  .map(([start, length]) => ({ start, end: Math.min(UNITS, start + length), isShared: false }));
const storedFiles = fc.array(
  fc.record({ volume: fc.constantFrom('a', 'b'), ranges: fc.array(range, { maxLength: 3 }) }),
  { minLength: 1, maxLength: 4 },
);

describe('the space of files', () => {
  test('is what a count of each byte gives, for totals, for parts, and for what deleting files frees', () => {
    fc.assert(
      fc.property(storedFiles, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), (files, isDeleted) => {
        const space = spaceOfFiles(files);
        const owners = ['a', 'b'].flatMap((volume) =>
          Array.from({ length: UNITS }, (_, place) =>
            files.flatMap((file, index) =>
              file.volume === volume && file.ranges.some(({ start, end }) => start <= place && place < end)
                ? [index]
                : [],
            ),
          ),
        );
        const used = owners.filter((each) => each.length > 0);
        expect(space.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(used.length);
        const deleted = new Set([...files.keys()].filter((file) => isDeleted[file]!));
        const freed = used.filter((each) => each.every((file) => deleted.has(file))).length;
        expect(freedBytes(space, deleted)).toEqual({ atLeast: freed, atMost: freed });
        const attributed = attributedBytes(space, files.length, (file) => [file]);
        for (const [index, bytes] of attributed.entries()) {
          const shares = used.map((each) => (each.includes(index) ? 1 / each.length : 0));
          expect(Math.abs(bytes - shares.reduce((sum, share) => sum + share, 0))).toBeLessThanOrEqual(1);
        }
        expect(attributed.reduce((sum, bytes) => sum + bytes)).toBe(used.length);
      }),
    );
  });

  test('of a base is divided among the images that need it', () => {
    const space = spaceOfFiles([
      { volume: 'base', ranges: [{ start: 0, end: 90, isShared: false }] },
      { volume: 'overlay', ranges: [{ start: 0, end: 10, isShared: false }] },
    ]);
    const users = [[0, 1, 2], [1]];
    expect(attributedBytes(space, 3, (file) => users[file]!)).toEqual([30, 40, 30]);
  });

  test('that files which are not listed occupy too is not freed, and is perhaps freed if only listed files may share it', () => {
    const shared = { start: 0, end: 10, isShared: true };
    const own = { start: 20, end: 25, isShared: false };
    const space = spaceOfFiles([{ volume: 'a', ranges: [shared, own] }]);
    expect(freedBytes(space, new Set([0]))).toEqual({ atLeast: 5, atMost: 5 });
    const both = spaceOfFiles([
      { volume: 'a', ranges: [shared, own] },
      { volume: 'a', ranges: [shared] },
    ]);
    expect(freedBytes(both, new Set([0]))).toEqual({ atLeast: 5, atMost: 5 });
    expect(freedBytes(both, new Set([0, 1]))).toEqual({ atLeast: 5, atMost: 15 });
    const withItself = spaceOfFiles([{ volume: 'a', ranges: [shared, shared] }]);
    expect(freedBytes(withItself, new Set([0]))).toEqual({ atLeast: 0, atMost: 10 });
  });

  test('of which the sharing is unknown is perhaps freed', () => {
    const space = spaceOfFiles([{ volume: 'a', ranges: [{ start: 0, end: 10, isShared: undefined }] }]);
    expect(freedBytes(space, new Set([0]))).toEqual({ atLeast: 0, atMost: 10 });
  });
});
