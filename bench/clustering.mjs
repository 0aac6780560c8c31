/**
 * Times the clusterers: `node bench/clustering.mjs [few] [many]`.
 *
 * Both engines cluster the distances of `few` (1,600) random vectors, and their cophenetic distances are compared pair
 * by pair; then the fast engine alone clusters `many` (10,000). ml-hclust takes minutes. Build first: `npx tsc -b`.
 */
import { copheneticDistances, FastClusterer, MlHclustClusterer } from '@virt-similarity/core';

const DIMENSIONS = 8;
const LINKAGES = ['single', 'average', 'complete'];
const TOLERANCE = 1e-9;

const few = Number(process.argv[2] ?? 1_600);
const many = Number(process.argv[3] ?? 10_000);
const fast = new FastClusterer();
const mlHclust = new MlHclustClusterer();

/** Euclidean distances of random vectors, the same in every run (a linear congruential generator, Knuth 1997). */
function randomDistances(size) {
  let state = 1;
  const coordinates = Float64Array.from({ length: size * DIMENSIONS }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
  const values = new Float64Array((size * (size - 1)) / 2);
  let index = 0;
  for (let i = 0; i < size; i++) {
    for (let j = i + 1; j < size; j++) {
      let sum = 0;
      for (let d = 0; d < DIMENSIONS; d++) {
        sum += (coordinates[i * DIMENSIONS + d] - coordinates[j * DIMENSIONS + d]) ** 2;
      }
      values[index++] = Math.sqrt(sum);
    }
  }
  return { size, values };
}

/** The dendrogram, and the seconds that making it took. */
async function timed(clusterer, matrix, linkage) {
  const start = performance.now();
  const dendrogram = await clusterer.cluster(matrix, linkage);
  return { dendrogram, seconds: (performance.now() - start) / 1000 };
}

/** The best of several runs, as others use the machine too. */
async function bestOf(runs, clusterer, matrix, linkage) {
  let best = await timed(clusterer, matrix, linkage);
  for (let run = 1; run < runs; run++) {
    const next = await timed(clusterer, matrix, linkage);
    best = next.seconds < best.seconds ? next : best;
  }
  return best;
}

/** The largest relative difference of two dendrograms' cophenetic distances. */
function largestDifference(a, b) {
  const [first, second] = [copheneticDistances(a).values, copheneticDistances(b).values];
  return first.reduce((largest, height, k) => Math.max(largest, Math.abs(height - second[k]) / second[k]), 0);
}

function print(...cells) {
  console.log(cells.map((cell) => String(cell).padStart(16)).join(''));
}

const small = randomDistances(few);
const large = randomDistances(many);
print('linkage', `fast ${few}`, `ml-hclust ${few}`, 'ratio', 'difference', `fast ${many}`);
for (const linkage of LINKAGES) {
  const quick = await bestOf(5, fast, small, linkage);
  const slow = await timed(mlHclust, small, linkage);
  const { seconds } = await bestOf(3, fast, large, linkage);
  const difference = largestDifference(quick.dendrogram, slow.dendrogram);
  print(
    linkage,
    `${quick.seconds.toFixed(3)} s`,
    `${slow.seconds.toFixed(1)} s`,
    `1/${Math.round(slow.seconds / quick.seconds)}`,
    difference.toExponential(1),
    `${seconds.toFixed(2)} s`,
  );
  if (difference > TOLERANCE) {
    process.exitCode = 1;
  }
}
