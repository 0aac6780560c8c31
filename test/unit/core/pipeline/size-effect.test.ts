import { describe, expect, test } from '@jest/globals';
import { createAnalyzer, type HashOptions } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import { MemoryDisksPlugin } from '@virt-similarity/testing';

const BLOCK = 512;

/** Returns a disk whose blocks have the given numbers; 0 is a zero block. */
function disk(...numbers: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(numbers.length * BLOCK);
  numbers.forEach((number, block) => {
    bytes.writeUInt32LE(number, block * BLOCK);
  });
  return bytes;
}

/** Returns `count` consecutive numbers, beginning with `first`. */
const from = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);

/** Analyses disks. Returns the warnings. */
async function warningsOf(disks: Readonly<Record<string, Uint8Array>>, options: object = {}): Promise<string[]> {
  const named = Object.entries(disks).map(([name, bytes]) => [`memory:${name}`, bytes] as const);
  const analyzer = createAnalyzer({ plugins: [new MemoryDisksPlugin(Object.fromEntries(named)), hashers] });
  const warnings: string[] = [];
  const onNote: HashOptions['onNote'] = (level, note) => void (level === 'warning' && warnings.push(note));
  await analyzer.analyze(
    named.map(([name]) => name),
    { blockSize: BLOCK, onNote, ...options },
  );
  return warnings;
}

/** A family of two large disks that differ in 30 of 100 blocks. */
const LARGE = {
  large: disk(...from(1000, 100)),
  clone: disk(...from(5000, 30), ...from(1030, 70)),
};
/** A family of two small disks that differ in one of four blocks. */
const SMALL = { small: disk(1, 2, 3, 4), twin: disk(1, 2, 3, 5) };

describe('the metric hamming causes a warning that names another metric', () => {
  test('if unrelated small images join before related large ones', async () => {
    const warnings = await warningsOf({ ...LARGE, ...SMALL, stranger: disk(71, 72, 73, 74, 75, 76) });
    expect(warnings).toEqual([
      'hamming joins memory:stranger and memory:twin, which share hardly any block, before memory:large and ' +
        'memory:clone, which share at least half of the blocks of the smaller one; it counts blocks that differ, so ' +
        "small images are close to all others; choose `metric: 'jaccard'` for distances that do not depend on size",
    ]);
  });

  test.each(['complete', 'average', 'ward'])('with the linkage %s, too', async (linkage) => {
    expect(await warningsOf({ ...LARGE, ...SMALL, stranger: disk(71, 72) }, { linkage })).toHaveLength(1);
  });

  test('if an empty image joins before related ones', async () => {
    expect(await warningsOf({ ...LARGE, empty: disk(0), small: disk(7) })).toHaveLength(1);
  });
});

describe('there is no warning', () => {
  test.each([
    ['if unrelated families join last', { ...SMALL, other: disk(...from(71, 8)), another: disk(...from(71, 7), 99) }],
    ['if all images are related', { ...LARGE, third: disk(...from(1000, 60), ...from(9000, 40)) }],
    ['if no images are related', { a: disk(1), b: disk(2, 3), c: disk(...from(10, 30)), d: disk(...from(80, 90)) }],
    ['if the large family is the only one', LARGE],
    [
      'for two families of disks of different sizes',
      { ...SMALL, ...{ ten: disk(...from(20, 10)), tens: disk(...from(20, 8), 77, 78) } },
    ],
  ])('%s', async (_, disks) => {
    expect(await warningsOf(disks)).toEqual([]);
  });

  test.each(['jaccard', 'containment', 'shared-content'])('for the metric %s', async (metric) => {
    expect(await warningsOf({ ...LARGE, ...SMALL, stranger: disk(71, 72) }, { metric })).toEqual([]);
  });
});
