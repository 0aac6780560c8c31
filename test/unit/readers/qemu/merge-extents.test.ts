import { describe, expect, test } from '@jest/globals';
import type { Extent } from '@virt-similarity/core';
import * as fc from 'fast-check';
import { mergeExtents } from '#readers/qemu/merge-extents.js';

type Kind = 'zero' | 'data' | { readonly file: number; readonly shift: number };

/** Returns consecutive extents. Neighbours with the same file and shift are also adjacent in the file. */
function extentsOf(runs: readonly (readonly [Kind, number])[]): Extent[] {
  let start = 0;
  return runs.map(([kind, length]) => {
    const range = { start, length };
    start += length;
    return typeof kind === 'string'
      ? { kind, ...range }
      : { kind: 'data', ...range, stored: { file: kind.file, offset: range.start + kind.shift } };
  });
}

async function merge(extents: readonly Extent[]): Promise<Extent[]> {
  async function* each() {
    yield* extents;
  }
  const merged: Extent[] = [];
  for await (const extent of mergeExtents(each())) {
    merged.push(extent);
  }
  return merged;
}

/** Returns a description of every byte of the extents. */
function bytesOf(extents: readonly Extent[]): string[] {
  return extents.flatMap((extent) =>
    Array.from({ length: extent.length }, (_, at) =>
      extent.kind === 'data' && extent.stored !== undefined
        ? `${extent.start + at}: file ${extent.stored.file} at ${extent.stored.offset + at}`
        : `${extent.start + at}: ${extent.kind}`,
    ),
  );
}

describe('mergeExtents', () => {
  test('merges neighbours of the same kind', async () => {
    expect(
      await merge(
        extentsOf([
          ['zero', 1],
          ['zero', 2],
          ['data', 3],
          ['data', 4],
        ]),
      ),
    ).toEqual([
      { kind: 'zero', start: 0, length: 3 },
      { kind: 'data', start: 3, length: 7 },
    ]);
  });

  test('merges stored bytes only if they are also adjacent in their file', async () => {
    const runs = extentsOf([
      [{ file: 0, shift: 512 }, 10],
      [{ file: 0, shift: 512 }, 10],
      [{ file: 0, shift: 1024 }, 10],
      [{ file: 1, shift: 1024 }, 10],
      ['data', 10],
    ]);
    expect((await merge(runs)).map(({ length }) => length)).toEqual([20, 10, 10, 10]);
  });

  test('does not merge inherited data with data that is not inherited', async () => {
    const extents: Extent[] = [
      { kind: 'data', start: 0, length: 5 },
      { kind: 'data', start: 5, length: 5, inherited: true },
      { kind: 'data', start: 10, length: 5, inherited: true },
    ];
    expect(await merge(extents)).toEqual([
      { kind: 'data', start: 0, length: 5 },
      { kind: 'data', start: 5, length: 10, inherited: true },
    ]);
  });

  test('preserves the description of every byte, and does not change merged extents again', async () => {
    const kind = fc.oneof(
      fc.constantFrom('zero' as const, 'data' as const),
      fc.record({ file: fc.nat(1), shift: fc.nat(1) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(kind, fc.integer({ min: 1, max: 4 }))), async (runs) => {
        const extents = extentsOf(runs);
        const merged = await merge(extents);
        expect(bytesOf(merged)).toEqual(bytesOf(extents));
        expect(await merge(merged)).toEqual(merged);
      }),
    );
  });
});
