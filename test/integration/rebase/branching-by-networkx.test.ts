import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { NO_PARENT, optimumBranching } from '@virt-similarity/rebase';
import { SeededRandom } from '../../fixtures/seeded-random.js';

// The URL is relative to the compiled file.
const SCRIPT = fileURLToPath(new URL('../../../integration/rebase/minimum_arborescence.py', import.meta.url));

/** Returns the cost that networkx finds for the cheapest forest. */
function costByNetworkx(roots: readonly number[], edges: readonly (readonly (number | null)[])[]): number {
  const { status, stdout, stderr } = spawnSync('python3', [SCRIPT], { input: JSON.stringify({ roots, edges }) });
  expect([status, String(stderr)]).toEqual([0, '']);
  return Number(stdout);
}

// networkx takes a minute for all edges between 200 nodes.
test.each([
  { size: 200, kept: 0.1, largest: 1000 },
  { size: 60, kept: 1, largest: 1000 },
  { size: 60, kept: 1, largest: 5 },
])('the forest of $size nodes has the same cost as the forest of networkx', ({ size, kept, largest }) => {
  const random = new SeededRandom('networkx', size, largest);
  const edges = Array.from({ length: size }, () =>
    Array.from({ length: size }, () => (random.fraction() < kept ? random.below(largest) : null)),
  );
  const roots = Array.from({ length: size }, () => largest + random.below(largest));
  const costs = Float64Array.from(edges.flat(), (cost) => cost ?? Number.POSITIVE_INFINITY);
  const parents = optimumBranching(Float64Array.from(roots), costs);
  const cost = parents.reduce(
    (sum, parent, node) => sum + (parent === NO_PARENT ? roots[node]! : costs[parent * size + node]!),
    0,
  );
  expect(cost).toBe(costByNetworkx(roots, edges));
});
