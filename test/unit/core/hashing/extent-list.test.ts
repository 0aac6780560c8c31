import { describe, expect, test } from '@jest/globals';
import type { Extent } from '@virt-similarity/core';
import { ExtentList } from '#core/hashing/extent-list.js';

describe('ExtentList', () => {
  test('gives back what it was made from', async () => {
    const extents: Extent[] = [
      { kind: 'zero', start: 0, length: 10 },
      { kind: 'data', start: 10, length: 5 },
      { kind: 'data', start: 15, length: 2 ** 40, stored: { layer: 3, offset: 2 ** 45 } },
      { kind: 'zero', start: 15 + 2 ** 40, length: 1, inherited: true },
      { kind: 'data', start: 16 + 2 ** 40, length: 1, inherited: true },
      { kind: 'data', start: 17 + 2 ** 40, length: 1, inherited: true, stored: { layer: 0, offset: 5 } },
    ];
    const list = await ExtentList.from(stream(extents), 18 + 2 ** 40);
    expect([...list]).toEqual(extents);
  });

  test('grows past its first size', async () => {
    const extents = Array.from({ length: 1000 }, (_, index): Extent => ({ kind: 'zero', start: index, length: 1 }));
    expect([...(await ExtentList.from(stream(extents), 1000))]).toEqual(extents);
  });

  test.each([
    ['leave a gap', [{ kind: 'zero', start: 1, length: 1 }], 2],
    ['are empty', [{ kind: 'zero', start: 0, length: 0 }], 0],
    ['stand before their file', [{ kind: 'data', start: 0, length: 1, stored: { layer: 0, offset: -1 } }], 1],
    ['stand between bytes', [{ kind: 'data', start: 0, length: 1, stored: { layer: 0, offset: 0.5 } }], 1],
    ['stand in no layer', [{ kind: 'data', start: 0, length: 1, stored: { layer: 2 ** 32, offset: 0 } }], 1],
    ['end too early', [{ kind: 'zero', start: 0, length: 5 }], 6],
  ] as [string, Extent[], number][])('refuses extents that %s', async (_, extents, size) => {
    await expect(ExtentList.from(stream(extents), size)).rejects.toMatchObject({ code: 'plugin' });
  });
});

async function* stream(extents: Extent[]): AsyncGenerator<Extent> {
  yield* extents;
}
