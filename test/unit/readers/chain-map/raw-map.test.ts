import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { NO_HOLES, RawMap } from '#readers/chain-map/raw-map.js';

const SIZE = 64;

test('returns one stored run to the end of a file without holes', () => {
  expect(new RawMap(SIZE, NO_HOLES).runAt(3, SIZE)).toEqual({ kind: 'stored', length: SIZE - 3, offset: 3 });
});

test('returns runs that end at the next border of a hole or at the requested end', () => {
  const holes = fc
    .uniqueArray(fc.nat(SIZE - 1), { maxLength: 12 })
    .map((borders) => borders.sort((a, b) => a - b))
    .map((borders) => borders.slice(0, borders.length - (borders.length % 2)));
  fc.assert(
    fc.property(holes, fc.array(fc.tuple(fc.nat(SIZE - 1), fc.integer({ min: 1, max: SIZE }))), (borders, ranges) => {
      const starts = borders.filter((_, index) => index % 2 === 0);
      const ends = borders.filter((_, index) => index % 2 === 1);
      const map = new RawMap(SIZE, { starts, ends });
      const isHole = (position: number) => starts.some((start, hole) => start <= position && position < ends[hole]!);
      for (const [position, length] of ranges) {
        const end = position + length;
        let runEnd = position + 1;
        while (runEnd < end && isHole(runEnd) === isHole(position)) {
          runEnd += 1;
        }
        expect(map.runAt(position, end)).toEqual({
          length: runEnd - position,
          ...(isHole(position) ? { kind: 'zero' } : { kind: 'stored', offset: position }),
        });
      }
    }),
  );
});
