import { describe, expect, test } from '@jest/globals';
import { compareByPosition, type HashVector, hashVectorOf, type PairRun, pairRuns } from '@virt-similarity/core';
import fc from 'fast-check';

const BLOCK = 512;

/** Returns a vector whose digests are these numbers, in batches of `batch` rows; 0 is a zero block. */
function vectorOf(content: readonly number[], batch = content.length): HashVector {
  const blocks = content.flatMap((digest, block) => (digest === 0 ? [] : [block]));
  const digests = content.filter((digest) => digest !== 0);
  const header = { name: 'a', algorithm: 'x', digestLength: 1, blockSize: BLOCK, virtualSize: content.length * BLOCK };
  const whole = hashVectorOf(header, Uint32Array.from(blocks), Uint8Array.from(digests));
  return { ...whole, rows: () => inBatches(whole, Math.max(1, batch)) };
}

async function* inBatches(vector: HashVector, size: number) {
  for await (const { blocks, digests } of vector.rows()) {
    for (let row = 0; row < blocks.length; row += size) {
      yield { blocks: blocks.subarray(row, row + size), digests: digests.subarray(row, row + size) };
    }
  }
}

async function runsOf(one: HashVector, other: HashVector): Promise<PairRun[]> {
  const runs: PairRun[] = [];
  for await (const run of pairRuns(one, other)) {
    runs.push(run);
  }
  return runs;
}

/** Returns the kind of each block by definition. */
function kindsOf(one: readonly number[], other: readonly number[]): PairRun['kind'][] {
  return Array.from({ length: Math.max(one.length, other.length) }, (_, block) => {
    const [a = 0, b = 0] = [one[block], other[block]];
    if (a === 0 && b === 0) {
      return 'zero';
    }
    return a === b ? 'equal' : 'different';
  });
}

describe('the runs of a pair', () => {
  test('cover both images from block 0 to the end of the longer one', async () => {
    const runs = await runsOf(vectorOf([0, 0, 1, 1, 2, 0]), vectorOf([0, 0, 1, 1, 3, 4, 0, 0]));
    expect(runs).toEqual([
      { start: 0, blocks: 2, kind: 'zero' },
      { start: 2, blocks: 2, kind: 'equal' },
      { start: 4, blocks: 2, kind: 'different' },
      { start: 6, blocks: 2, kind: 'zero' },
    ]);
  });

  test('match the definition for any batch sizes, and their equal blocks match the comparison', async () => {
    const content = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 40 });
    const batch = fc.integer({ min: 1, max: 5 });
    await fc.assert(
      fc.asyncProperty(content, content, batch, batch, async (one, other, batchOfOne, batchOfOther) => {
        const vectors = [vectorOf(one, batchOfOne), vectorOf(other, batchOfOther)] as const;
        const runs = await runsOf(...vectors);
        expect(runs.flatMap(({ kind, blocks }) => Array(blocks).fill(kind))).toEqual(kindsOf(one, other));
        expect(runs.some(({ kind }, index) => kind === runs[index + 1]?.kind)).toBe(false);
        const { equal } = await compareByPosition(vectors, { jobs: 1 });
        const sum = runs.reduce((blocks, run) => blocks + (run.kind === 'equal' ? run.blocks : 0), 0);
        expect(sum).toBe(equal[0]);
      }),
      { numRuns: 200 },
    );
  });

  test('require vectors with the same parameters', async () => {
    const other = { ...vectorOf([1]), algorithm: 'y' };
    await expect(runsOf(vectorOf([1]), other)).rejects.toMatchObject({ code: 'usage' });
  });

  test('are refused if the signal has fired', async () => {
    const runs = pairRuns(vectorOf([1]), vectorOf([1]), { signal: AbortSignal.abort() });
    await expect(runs.next()).rejects.toMatchObject({ code: 'aborted' });
  });
});
