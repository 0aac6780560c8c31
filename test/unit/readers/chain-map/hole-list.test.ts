import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { HoleList } from '#readers/chain-map/hole-list.js';

const steps = fc.array(fc.record({ gap: fc.nat(3), length: fc.integer({ min: 1, max: 50 }) }), { maxLength: 40 });

test('has at most the given number of holes, merges adjacent holes, and contains no other bytes', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 8 }), (described, maxHoles) => {
      const list = new HoleList(maxHoles);
      const isHole: boolean[] = [];
      for (const { gap, length } of described) {
        const start = isHole.length + gap;
        isHole.push(...Array<boolean>(gap).fill(false), ...Array<boolean>(length).fill(true));
        list.add(start, start + length);
      }
      const { starts, ends } = list.toHoles();
      expect(starts.length).toBeLessThanOrEqual(maxHoles);
      let last = -1;
      for (const [hole, start] of Array.from(starts).entries()) {
        expect(start).toBeGreaterThan(last);
        last = ends[hole]!;
        expect(isHole.slice(start, last).every(Boolean)).toBe(true);
      }
    }),
  );
});

test('never drops a hole while it keeps a shorter one', () => {
  const list = new HoleList(2);
  list.add(0, 1);
  list.add(10, 110);
  list.add(200, 202);
  list.add(300, 301);
  const { starts, ends } = list.toHoles();
  expect([Array.from(starts), Array.from(ends)]).toEqual([
    [10, 200],
    [110, 202],
  ]);
});
