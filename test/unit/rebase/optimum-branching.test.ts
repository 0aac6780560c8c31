import { expect, test } from '@jest/globals';
import { NO_PARENT, optimumBranching } from '@virt-similarity/rebase';
import fc from 'fast-check';

/** Returns the cost of a forest; infinity if its edges form a cycle. */
function costOf(parents: ArrayLike<number>, roots: Float64Array, edges: Float64Array): number {
  const size = roots.length;
  let cost = 0;
  for (let node = 0; node < size; node++) {
    let steps = 0;
    for (let above = node; parents[above] !== NO_PARENT; above = parents[above]!) {
      if (++steps > size) {
        return Number.POSITIVE_INFINITY;
      }
    }
    const parent = parents[node]!;
    cost += parent === NO_PARENT ? roots[node]! : edges[parent * size + node]!;
  }
  return cost;
}

/** Returns the least cost of all forests, by trying every forest. */
function leastCost(roots: Float64Array, edges: Float64Array): number {
  const size = roots.length;
  const parents = new Array<number>(size).fill(NO_PARENT);
  let least = Number.POSITIVE_INFINITY;
  const choose = (node: number): void => {
    if (node === size) {
      least = Math.min(least, costOf(parents, roots, edges));
      return;
    }
    for (let parent = NO_PARENT; parent < size; parent++) {
      if (parent !== node) {
        parents[node] = parent;
        choose(node + 1);
      }
    }
  };
  choose(0);
  return least;
}

/** Graphs with many ties, forbidden edges, and cycles of cycles. */
const graphs = fc.integer({ min: 1, max: 6 }).chain((size) => {
  const cost = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 1000 }));
  const edge = fc.oneof(
    { weight: 9, arbitrary: cost },
    { weight: 1, arbitrary: fc.constant(Number.POSITIVE_INFINITY) },
  );
  return fc.record({
    roots: fc.array(cost, { minLength: size, maxLength: size }).map((costs) => Float64Array.from(costs)),
    edges: fc.array(edge, { minLength: size * size, maxLength: size * size }).map((costs) => Float64Array.from(costs)),
  });
});

test('the branching costs as little as the cheapest of all forests', () => {
  fc.assert(
    fc.property(graphs, ({ roots, edges }) => {
      const parents = optimumBranching(roots, edges);
      expect(costOf(parents, roots, edges)).toBe(leastCost(roots, edges));
    }),
    { numRuns: 300 },
  );
});

test('cycles within cycles are opened', () => {
  // 0 and 1 are cheapest as children of each other, the pair and 2 likewise, and only 3 is cheap as a root.
  const _ = Number.POSITIVE_INFINITY;
  const edges = Float64Array.of(_, 1, 5, _, 1, _, _, _, _, 5, _, _, _, _, 7, _);
  const roots = Float64Array.of(100, 100, 100, 2);
  expect([...optimumBranching(roots, edges)]).toEqual([1, 2, 3, NO_PARENT]);
});

test('a greedy choice that forms a cycle is not kept', () => {
  const roots = Float64Array.of(10, 11);
  const edges = Float64Array.of(0, 1, 1, 0);
  expect([...optimumBranching(roots, edges)]).toEqual([NO_PARENT, 0]);
});

test('the branching of no images is empty', () => {
  expect(optimumBranching(new Float64Array(), new Float64Array())).toHaveLength(0);
});
