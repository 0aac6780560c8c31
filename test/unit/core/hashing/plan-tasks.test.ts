import { describe, expect, test } from '@jest/globals';
import type { Extent } from '@virt-similarity/core';
import fc from 'fast-check';
import { type PlannedTask, planTasks } from '#core/hashing/plan-tasks.js';

const BLOCK = 512;

describe('planTasks', () => {
  test('omits blocks that are holes', () => {
    const tasks = plan([zero(0, 1024), data(1024, 512), zero(1536, 512)], 8);
    expect(tasks).toEqual([
      { blocks: Uint32Array.of(2), segments: [{ kind: 'file', file: 0, offset: 1024, length: 512 }], reads: [] },
    ]);
  });

  test('fills the rest of a block that is partly a hole with zeros', () => {
    const tasks = plan([zero(0, 100), data(100, 50), zero(150, 1000)], 8);
    expect(tasks).toEqual([
      {
        blocks: Uint32Array.of(0),
        segments: [
          { kind: 'zero', length: 100 },
          { kind: 'file', file: 0, offset: 100, length: 50 },
          { kind: 'zero', length: 362 },
        ],
        reads: [],
      },
    ]);
  });

  test('pads the last, partial block with zeros', () => {
    expect(plan([data(0, 513)], 8).at(-1)?.segments).toEqual([
      { kind: 'file', file: 0, offset: 0, length: 513 },
      { kind: 'zero', length: 511 },
    ]);
  });

  test('splits a long extent into tasks of at most the given number of blocks', () => {
    expect(plan([data(0, BLOCK * 5)], 2).map(({ blocks }) => [...blocks])).toEqual([[0, 1], [2, 3], [4]]);
  });

  test('reads data through the image if it is not stored verbatim in a file', () => {
    const [task] = plan([{ kind: 'data', start: 0, length: BLOCK }], 1);
    expect(task?.segments).toEqual([{ kind: 'read', read: 0, position: 0, length: BLOCK }]);
    expect(task?.reads).toEqual([{ position: 0, length: BLOCK }]);
  });

  test('plans no tasks for a disk of 0 bytes', () => {
    expect(plan([], 4)).toEqual([]);
  });

  test('covers exactly the blocks with data, with the right bytes, for any extents', () => {
    const runs = fc.array(fc.record({ hole: fc.boolean(), length: fc.integer({ min: 1, max: 3000 }) }), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 9 }), (lengths, blocksPerTask) => {
        const extents: Extent[] = [];
        let end = 0;
        for (const { hole, length } of lengths) {
          extents.push(hole ? zero(end, length) : data(end, length));
          end += length;
        }
        const content = contentOf(plan(extents, blocksPerTask));
        const expected = new Map<number, (number | undefined)[]>();
        for (const extent of extents) {
          if (extent.kind === 'zero') {
            continue;
          }
          for (let position = extent.start; position < extent.start + extent.length; position++) {
            const block = Math.floor(position / BLOCK);
            if (!expected.has(block)) {
              expected.set(block, new Array(BLOCK).fill(undefined));
            }
            expected.get(block)![position % BLOCK] = position;
          }
        }
        expect(content).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });
});

function plan(extents: Extent[], blocksPerTask: number): PlannedTask[] {
  return [...planTasks(extents, BLOCK, blocksPerTask)];
}

function zero(start: number, length: number): Extent {
  return { kind: 'zero', start, length };
}

/** Returns an extent of data that file 0 stores at the same position as in the disk. */
function data(start: number, length: number): Extent {
  return { kind: 'data', start, length, stored: { file: 0, offset: start } };
}

/** Returns for each planned block the file offset of each byte; `undefined` for a zero. */
function contentOf(tasks: PlannedTask[]): Map<number, (number | undefined)[]> {
  const content = new Map<number, (number | undefined)[]>();
  for (const { blocks, segments } of tasks) {
    const bytes = segments.flatMap((segment) =>
      Array.from({ length: segment.length }, (_, index) =>
        segment.kind === 'file' ? segment.offset + index : undefined,
      ),
    );
    expect(bytes.length).toBe(blocks.length * BLOCK);
    for (const [index, block] of blocks.entries()) {
      content.set(block, bytes.slice(index * BLOCK, (index + 1) * BLOCK));
    }
  }
  return content;
}
