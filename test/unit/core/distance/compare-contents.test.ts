import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareContents } from '#core/distance/compare-contents.js';
import { countContents, vectorOfDisk } from '../../../fixtures/numbered-disks.js';

/** Few contents, so that many blocks are equal; disks of different lengths, some without any block. */
const disks = fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 200 }), { minLength: 2, maxLength: 12 });

describe('compareContents', () => {
  test('agrees with the multisets of contents', async () => {
    await fc.assert(
      fc.asyncProperty(disks, async (given) => {
        const counts = await compareContents(given.map((disk) => vectorOfDisk(disk)));
        expect([...counts.equal]).toEqual(countContents(given));
        expect([...counts.common]).toEqual(countContents(given));
      }),
    );
  });

  test('does not care where contents stand', async () => {
    const counts = await compareContents([vectorOfDisk([1, 2, 0, 3, 3]), vectorOfDisk([3, 0, 0, 0, 2, 3, 1])]);
    expect([...counts.equal]).toEqual([4]);
  });
});
