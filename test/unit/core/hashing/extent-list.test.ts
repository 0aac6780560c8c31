import { describe, expect, test } from '@jest/globals';
import type { Extent } from '@virt-similarity/core';
import fc from 'fast-check';
import { ExtentList } from '#core/hashing/extent-list.js';

describe('ExtentList', () => {
  test('yields the extents that it was created from', async () => {
    const extents: Extent[] = [
      { kind: 'zero', start: 0, length: 10 },
      { kind: 'data', start: 10, length: 5 },
      { kind: 'data', start: 15, length: 2 ** 40, stored: { file: 3, offset: 2 ** 45 } },
      { kind: 'zero', start: 15 + 2 ** 40, length: 1, inherited: true },
      { kind: 'data', start: 16 + 2 ** 40, length: 1, inherited: true },
      { kind: 'data', start: 17 + 2 ** 40, length: 1, inherited: true, stored: { file: 0, offset: 5 } },
    ];
    const list = await ExtentList.from(stream(extents), 18 + 2 ** 40);
    expect([...list]).toEqual(extents);
  });

  test('keeps at most four extents that start in a block, and never marks data as zeros', async () => {
    const runs = fc.array(
      fc.record({
        zero: fc.boolean(),
        inherited: fc.boolean(),
        stored: fc.boolean(),
        length: fc.integer({ min: 1, max: 40 }),
      }),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(runs, async (described) => {
        const blockSize = 16;
        let size = 0;
        const extents = described.map(({ zero, inherited, stored, length }): Extent => {
          const run = { start: size, length, ...(inherited && { inherited: true as const }) };
          size += length;
          if (zero) {
            return { kind: 'zero', ...run };
          }
          return { kind: 'data', ...run, ...(stored && { stored: { file: 1, offset: run.start + 1000 } }) };
        });
        const kept = [...(await ExtentList.from(stream(extents), size, { blockSize }))];
        const perBlock = new Map<number, number>();
        let end = 0;
        for (const extent of kept) {
          expect(extent.start).toBe(end);
          end += extent.length;
          const block = Math.floor(extent.start / blockSize);
          perBlock.set(block, (perBlock.get(block) ?? 0) + 1);
          for (const original of extents.filter(({ start, length }) => start < end && start + length > extent.start)) {
            if (extent.kind === 'zero') {
              expect(original.kind).toBe('zero');
            }
            if (extent.inherited) {
              expect(original.inherited).toBe(true);
            }
            if (extent.kind === 'data' && extent.stored) {
              expect(extent.stored.offset).toBe(extent.start + 1000);
              expect(original).toMatchObject({ stored: { file: 1 } });
            }
          }
        }
        expect(end).toBe(size);
        expect(Math.max(0, ...perBlock.values())).toBeLessThanOrEqual(4);
      }),
    );
  });

  test('grows beyond its initial size', async () => {
    const extents = Array.from({ length: 1000 }, (_, index): Extent => ({ kind: 'zero', start: index, length: 1 }));
    expect([...(await ExtentList.from(stream(extents), 1000))]).toEqual(extents);
  });

  test.each([
    ['leave a gap', [{ kind: 'zero', start: 1, length: 1 }], 2],
    ['are empty', [{ kind: 'zero', start: 0, length: 0 }], 0],
    [
      'are stored before the start of their file',
      [{ kind: 'data', start: 0, length: 1, stored: { file: 0, offset: -1 } }],
      1,
    ],
    ['are stored at fractional bytes', [{ kind: 'data', start: 0, length: 1, stored: { file: 0, offset: 0.5 } }], 1],
    [
      'are stored in a file outside the chain',
      [{ kind: 'data', start: 0, length: 1, stored: { file: 2 ** 32, offset: 0 } }],
      1,
    ],
    ['end too early', [{ kind: 'zero', start: 0, length: 5 }], 6],
  ] as [string, Extent[], number][])('refuses extents that %s', async (_, extents, size) => {
    await expect(ExtentList.from(stream(extents), size)).rejects.toMatchObject({ code: 'plugin' });
  });
});

async function* stream(extents: Extent[]): AsyncGenerator<Extent> {
  yield* extents;
}
