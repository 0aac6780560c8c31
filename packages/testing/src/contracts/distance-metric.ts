import assert from 'node:assert/strict';
import type { DistanceMetric, PairCounts } from '@virt-similarity/core';
import { asserting, assertSame, type ContractTest } from './contract-test.js';
import { ONE_LINE } from './option-declarations.js';

/** Numbers of blocks: none, few, and as many as a disk can have. */
const BLOCKS = [0, 1, 2, 7, 1000, 2 ** 32];

/** The contract of every distance metric. The factory is called once per test. */
export function distanceMetricContract(create: () => DistanceMetric): ContractTest[] {
  return asserting({ of: 'DistanceMetric', file: 'distance-metric.d.ts' }, [
    { title: 'states its unit and alignment', run: async () => testDescription(create()) },
    { title: 'returns finite distances of 0 or more', run: async () => testRange(create()) },
    { title: 'returns the same distance in both directions', run: async () => testSymmetry(create()) },
    { title: 'returns 0 for identical images, including empty images', run: async () => testIdentical(create()) },
    { title: 'does not return 0 for images that have nothing in common', run: async () => testDifference(create()) },
    { title: 'returns the same distance again after other calls', run: async () => testPurity(create()) },
  ]);
}

function testDescription({ unit, alignment }: DistanceMetric): void {
  assert.match(unit, ONE_LINE, 'unit: expected one line');
  assert.ok(
    ['position', 'free', 'distinct'].includes(alignment),
    `alignment: expected position, free or distinct, found ${alignment}`,
  );
}

function testRange(metric: DistanceMetric): void {
  for (const counts of possibleCounts()) {
    const distance = metric.distance(counts);
    assert.ok(
      Number.isFinite(distance) && distance >= 0,
      `expected a finite distance of 0 or more, found ${distance} for ${JSON.stringify(counts)}`,
    );
  }
}

function testSymmetry(metric: DistanceMetric): void {
  for (const counts of possibleCounts()) {
    const exchanged = { ...counts, first: counts.second, second: counts.first };
    const [there, back] = [metric.distance(counts), metric.distance(exchanged)];
    assert.equal(
      back,
      there,
      `found ${there} for ${JSON.stringify(counts)}, but ${back} with first and second exchanged`,
    );
  }
}

function testIdentical(metric: DistanceMetric): void {
  for (const blocks of BLOCKS) {
    const counts = { equal: blocks, different: 0, either: blocks, first: blocks, second: blocks };
    const distance = metric.distance(counts);
    assert.equal(distance, 0, `expected 0 for identical images of ${blocks} blocks, found ${distance}`);
  }
}

function testDifference(metric: DistanceMetric): void {
  for (const blocks of BLOCKS.slice(1)) {
    const distance = metric.distance(countsOf(0, 0, 0, blocks));
    assert.notEqual(distance, 0, `found 0 for images of ${blocks} blocks that are all different`);
  }
}

function testPurity(metric: DistanceMetric): void {
  const once = possibleCounts().map((counts) => metric.distance(Object.freeze(counts)));
  const again = possibleCounts()
    .reverse()
    .map((counts) => metric.distance(counts));
  assertSame(again.reverse(), once, 'expected the same distances again; keep no state between calls');
}

/**
 * Returns counts that two images can have, for all combinations of {@link BLOCKS} as the numbers of equal blocks, of
 * blocks that only the first or only the second image has, and of blocks in which both images have different data.
 */
function possibleCounts(): PairCounts[] {
  return BLOCKS.flatMap((equal) =>
    BLOCKS.flatMap((onlyFirst) =>
      BLOCKS.flatMap((onlySecond) => BLOCKS.map((both) => countsOf(equal, onlyFirst, onlySecond, both))),
    ),
  );
}

function countsOf(equal: number, onlyFirst: number, onlySecond: number, both: number): PairCounts {
  const different = onlyFirst + onlySecond + both;
  return {
    equal,
    different,
    either: equal + different,
    first: equal + onlyFirst + both,
    second: equal + onlySecond + both,
  };
}
