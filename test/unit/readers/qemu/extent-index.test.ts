import { describe, expect, test } from '@jest/globals';
import type { Extent } from '@virt-similarity/core';
import * as fc from 'fast-check';
import { ExtentIndex } from '#readers/qemu/extent-index.js';

const EXTENTS: readonly Extent[] = [
  { kind: 'zero', start: 0, length: 100 },
  { kind: 'data', start: 100, length: 50, stored: { layer: 1, offset: 4096 } },
  { kind: 'data', start: 150, length: 50 },
];

describe('ExtentIndex', () => {
  test('gives the parts of a range, and where each stands in its file', () => {
    expect([...new ExtentIndex(EXTENTS).between(90, 160)]).toEqual([
      { kind: 'zero', start: 90, length: 10 },
      { kind: 'data', start: 100, length: 50, stored: { layer: 1, offset: 4096 } },
      { kind: 'data', start: 150, length: 10 },
    ]);
    expect([...new ExtentIndex(EXTENTS).between(110, 120)]).toEqual([
      { kind: 'data', start: 110, length: 10, stored: { layer: 1, offset: 4106 } },
    ]);
  });

  test('says of a part that it is inherited', () => {
    const stored = { layer: 1, offset: 512 };
    const index = new ExtentIndex([{ kind: 'data', start: 0, length: 10, inherited: true, stored }]);
    expect([...index.between(4, 6)]).toEqual([
      { kind: 'data', start: 4, length: 2, inherited: true, stored: { layer: 1, offset: 516 } },
    ]);
  });

  test('gives nothing of an empty range or an empty disk', () => {
    expect([...new ExtentIndex(EXTENTS).between(100, 100)]).toEqual([]);
    expect([...new ExtentIndex(EXTENTS).between(200, 200)]).toEqual([]);
    expect([...new ExtentIndex([]).between(0, 0)]).toEqual([]);
  });

  test('covers every range without gaps', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(lengths, fc.nat(), fc.nat(), (extentLengths, one, other) => {
        let size = 0;
        const extents = extentLengths.map((length): Extent => {
          size += length;
          return { kind: 'zero', start: size - length, length };
        });
        const [start, end] = [one % (size + 1), other % (size + 1)].sort((a, b) => a - b) as [number, number];
        let position = start;
        for (const part of new ExtentIndex(extents).between(start, end)) {
          expect(part.start).toBe(position);
          expect(part.length).toBeGreaterThan(0);
          position += part.length;
        }
        expect(position).toBe(end);
      }),
    );
  });
});
