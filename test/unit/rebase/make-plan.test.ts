import { describe, expect, test } from '@jest/globals';
import { makePlan, type Plan, type PlanImage, type PlanOptions } from '@virt-similarity/rebase';
import fc from 'fast-check';
import { SeededRandom } from '../../fixtures/seeded-random.js';
import { BLOCK, numberVector } from './number-vectors.js';

function imageOf(content: readonly number[], others: Partial<PlanImage> = {}): PlanImage {
  const vector = numberVector(content);
  return { vector, bytes: vector.dataBlocks * BLOCK, ...others };
}

/** Returns the contents of clones of one disk, each with about `changed` other blocks, and of an unrelated disk. */
function family(clones: number, blocks: number, changed: number, seed = 1): number[][] {
  const random = new SeededRandom('family', seed);
  let next = 1;
  const base = Array.from({ length: blocks }, () => (random.below(4) === 0 ? 0 : next++));
  const copies = Array.from({ length: clones }, () =>
    base.map((digest) => (random.below(blocks) < changed ? next++ : digest)),
  );
  return [...copies, Array.from({ length: blocks }, () => next++)];
}

const plan = (contents: readonly (readonly number[])[], options: PlanOptions = {}) =>
  makePlan(
    contents.map((content) => imageOf(content)),
    { jobs: 1, ...options },
  );

/** Returns the content of a planned base, including what it inherits from the bases below it; empty for no base. */
function contentOf(
  file: Plan['images'][number]['base'],
  planned: Plan,
  contents: readonly (readonly number[])[],
): number[] {
  if (file === undefined) {
    return [];
  }
  if (file.kind === 'image') {
    return [...contents[file.index]!];
  }
  const { base, virtualSize, runs } = planned.newBases[file.index]!;
  const below = contentOf(base, planned, contents);
  const content = Array.from({ length: virtualSize / BLOCK }, (_, block) => below[block] ?? 0);
  for (const { start, blocks, image } of runs) {
    for (let block = start; block < start + blocks; block++) {
      content[block] = contents[image]![block]!;
    }
  }
  return content;
}

function depthOf(base: Plan['images'][number]['base'], planned: Plan): number {
  if (base === undefined) {
    return 0;
  }
  const next = base.kind === 'image' ? planned.images[base.index]! : planned.newBases[base.index]!;
  return 1 + depthOf(next.base, planned);
}

describe('existing bases', () => {
  test('clones become overlays on one of them, and an unrelated disk stays', async () => {
    const planned = await plan(family(4, 400, 10), { bases: 'existing' });
    const bases = planned.images.map(({ base }) => base);
    expect(bases.filter((base) => base === undefined)).toHaveLength(2);
    expect(bases[4]).toBeUndefined();
    expect(planned.images[4]).toMatchObject({ isWritten: false, emptyOverlayBytes: 0 });
    expect(planned.bytesPlanned).toBeLessThan(planned.bytesNow / 2);
    expect(planned.lowerBound).toBeLessThanOrEqual(planned.bytesPlanned);
  });

  test('the machine of a base continues in an empty overlay, which costs its metadata', async () => {
    const base = Array.from({ length: 400 }, (_, block) => block + 1);
    const clones = [1, 2, 3].map((clone) => base.with(clone, 1000 + clone).with(clone + 10, 2000 + clone));
    const planned = await plan([base, ...clones], { bases: 'existing' });
    const bases = planned.images.filter(({ emptyOverlayBytes }) => emptyOverlayBytes > 0);
    // What qemu-img writes: a cluster each for the header, refcount table and refcount block, and 4 KiB of L1 table.
    expect(bases.map(({ emptyOverlayBytes }) => emptyOverlayBytes)).toEqual([3 * BLOCK + 4096]);
    const files = planned.images.reduce((sum, { bytes, emptyOverlayBytes }) => sum + bytes + emptyOverlayBytes, 0);
    expect(planned.bytesPlanned).toBe(files);
  });

  test('an image that is already an overlay, and its base, are not written again', async () => {
    const [first, second, unrelated] = family(2, 400, 10) as [number[], number[], number[]];
    const images = [
      imageOf(first, { frozen: true }),
      imageOf(second, { backing: 0, bytes: 12 * BLOCK }),
      imageOf(unrelated),
      imageOf(second.with(0, 12_345)),
    ];
    const planned = await makePlan(images, { bases: 'existing', jobs: 1 });
    expect(planned.images[1]).toMatchObject({ base: { kind: 'image', index: 0 }, isWritten: false });
    expect(planned.images[0]).toMatchObject({ isWritten: false, emptyOverlayBytes: 0 });
    expect(planned.images[3]).toMatchObject({ isWritten: true });
  });

  test('an overlay whose content drifted from its base is moved to a closer base', async () => {
    const [first, , unrelated] = family(2, 400, 10) as [number[], number[], number[]];
    const images = [
      imageOf(first, { frozen: true }),
      imageOf(unrelated.with(0, 0), { backing: 0, bytes: 400 * BLOCK }),
      imageOf(unrelated),
    ];
    const planned = await makePlan(images, { bases: 'existing', keep: new Set([2]), jobs: 1 });
    expect(planned.images[1]).toMatchObject({ base: { kind: 'image', index: 2 }, isWritten: true });
  });
});

test('overlays use an existing base rather than its copy, regardless of the order of the images', async () => {
  const base = Array.from({ length: 200 }, (_, block) => block + 1);
  const images = [
    imageOf(base, { frozen: true }),
    imageOf(base.with(0, 900), { backing: 0, bytes: 5 * BLOCK }),
    imageOf(base),
    imageOf(base.with(1, 1001).with(2, 1002)),
    imageOf(base.with(3, 1003).with(4, 1004)),
  ];
  const sizes = new Set<number>();
  for (const order of [
    [0, 1, 2, 3, 4],
    [2, 3, 4, 1, 0],
    [4, 2, 0, 3, 1],
    [3, 4, 2, 0, 1],
  ]) {
    const ordered = order.map((index) => {
      const { backing, ...others } = images[index]!;
      return backing === undefined ? others : { ...others, backing: order.indexOf(backing) };
    });
    const planned = await makePlan(ordered, { bases: 'existing', jobs: 1 });
    sizes.add(planned.bytesPlanned);
    expect(planned.images.map(({ base: found }) => found?.index)).toEqual(
      order.map((index) => (index === 0 ? undefined : order.indexOf(0))),
    );
    expect(planned.images.every(({ emptyOverlayBytes }) => emptyOverlayBytes === 0)).toBe(true);
  }
  expect(sizes.size).toBe(1);
});

describe('limits', () => {
  // A chain in which each disk differs from the previous disk in 60 blocks.
  const chain: number[][] = [Array.from({ length: 500 }, (_, block) => block + 1)];
  for (let length = 1; length < 8; length++) {
    chain.push(
      chain.at(-1)!.map((digest, block) => (Math.floor(block / 60) === length - 1 ? digest + 1000 * length : digest)),
    );
  }

  test.each([1, 2, 3, 7])('no image has more than %i bases below it', async (maxDepth) => {
    for (const bases of ['existing', 'synthetic'] as const) {
      const planned = await plan(chain, { bases, maxDepth });
      const depths = planned.images.map(({ base }) => depthOf(base, planned));
      expect(Math.max(...depths)).toBeLessThanOrEqual(maxDepth);
    }
  });

  test('deeper chains never need more space', async () => {
    const sizes = [];
    for (const maxDepth of [1, 2, 3, 7]) {
      sizes.push((await plan(chain, { bases: 'existing', maxDepth })).bytesPlanned);
    }
    expect(sizes).toEqual(sizes.toSorted((one, other) => other - one));
    expect(sizes[0]).toBeGreaterThan(sizes[3]!);
  });

  test('an image to keep is not changed', async () => {
    const planned = await plan(family(3, 400, 10), { keep: new Set([0, 1, 2]) });
    expect(planned).toMatchObject({ bytesToWrite: 0, newBases: [] });
    expect(planned.bytesPlanned).toBe(planned.bytesNow);
  });

  test('only the allowed images become bases', async () => {
    const planned = await plan(family(4, 400, 10), { onlyBases: new Set([2]) });
    const bases = planned.images.flatMap(({ base }) => base ?? []);
    expect(bases).toEqual(Array.from({ length: 3 }, () => ({ kind: 'image', index: 2 })));
  });

  test.each(['existing', 'synthetic'] as const)('images of different groups share no %s base', async (bases) => {
    const groups = ['a', 'b', 'a', 'b', 'c'];
    const planned = await plan(family(4, 400, 10), { bases, groups });
    const rootOf = (index: number): string => {
      let base = planned.images[index]!.base;
      let root = `image ${index}`;
      while (base !== undefined) {
        root = `${base.kind} ${base.index}`;
        base = base.kind === 'image' ? planned.images[base.index]!.base : planned.newBases[base.index]!.base;
      }
      return root;
    };
    expect(rootOf(0)).toBe(rootOf(2));
    expect(rootOf(1)).toBe(rootOf(3));
    expect(rootOf(0)).not.toBe(rootOf(1));
  });

  test('no image is changed if no change saves enough', async () => {
    const contents = family(3, 400, 10);
    for (const bases of ['existing', 'synthetic'] as const) {
      const planned = await plan(contents, { bases, minSaving: 400 * BLOCK });
      expect(planned.images.map(({ isWritten }) => isWritten)).toEqual([false, false, false, false]);
    }
  });
});

describe('synthetic bases', () => {
  test('a new base saves more than existing bases if every clone has drifted', async () => {
    const contents = family(8, 1000, 300);
    const existing = await plan(contents, { bases: 'existing' });
    const synthetic = await plan(contents, { bases: 'synthetic' });
    expect(synthetic.newBases.length).toBeGreaterThan(0);
    expect(synthetic.bytesPlanned).toBeLessThan(existing.bytesPlanned);
    expect((await plan(contents)).bytesPlanned).toBe(synthetic.bytesPlanned);
  });

  test('each overlay stores the blocks that differ from the content of its base', async () => {
    const contents = family(6, 300, 60);
    const planned = await plan(contents, { bases: 'synthetic' });
    const overlays = planned.images.flatMap(({ base, bytes }, index) =>
      base === undefined ? [] : { base, bytes, index },
    );
    expect(overlays).toHaveLength(6);
    for (const { base, bytes, index } of overlays) {
      const below = contentOf(base, planned, contents);
      const data = contents[index]!.filter((digest, block) => digest !== 0 && digest !== below[block]).length;
      expect(bytes).toBe((3 + 1 + data) * BLOCK + 4096);
    }
  });
});

test('the plan needs no more space than the images do now, for any images', async () => {
  const contents = fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 40 }), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(contents, async (images) => {
      const planned = await plan(images);
      expect(planned.bytesPlanned).toBeLessThanOrEqual(planned.bytesNow);
    }),
  );
});

test('blocks that cannot be clusters are refused, and so is an empty list of images', async () => {
  const vector = { ...numberVector([1]), blockSize: 4 * 1024 * 1024 };
  await expect(makePlan([{ vector, bytes: 0 }])).rejects.toMatchObject({ code: 'usage' });
  await expect(makePlan([])).rejects.toMatchObject({ code: 'usage' });
});
