/**
 * Times the comparison of hash vectors in files: `node bench/comparison.mjs [--quick | --growth]`.
 *
 * All pairs of 1,000 vectors of 163,840 blocks, five times, each time after SciPy's pdist(hamming) with the first 100 of
 * them. SciPy is given labels in memory and computes in one thread; we read files and use all processors, so the ratio
 * is of comparisons a second and processor. `--quick` takes fewer and smaller vectors; `--growth` shows how the time
 * grows with vectors and blocks, up to 10,000 of 16,384. Inputs are built once, in bench/.data: some 4 GB for either.
 * Build first: `npm run build`.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { openHashVector } from '@virt-similarity/core';
import { compareByPosition } from '#core/distance/compare-by-position.js';
import { COMPARISON_LIMITS } from '#core/distance/engine/comparison.js';
import { ScipyPdist } from './comparison/scipy-pdist.mjs';
import { stageTimes } from './comparison/stage-times.mjs';
import { vectorFiles } from './comparison/vector-set.mjs';

const FULL = { vectors: 1000, blocks: 163_840, sample: 100, runs: 5 };
const QUICK = { vectors: 200, blocks: 16_384, sample: 40, runs: 3 };
const GROWTH = [
  [1_250, 16_384],
  [2_500, 16_384],
  [5_000, 16_384],
  [10_000, 16_384],
  [2_500, 8_192],
  [2_500, 32_768],
];
const JOBS = availableParallelism();

/** Opens the vectors, whose files are in the page cache then. */
async function openVectors(disks, blocks) {
  const vectors = [];
  for (const path of await vectorFiles(disks, blocks)) {
    readFileSync(path);
    vectors.push(await openHashVector(path));
  }
  return vectors;
}

async function timed(work) {
  const start = performance.now();
  const cpuStart = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(cpuStart);
  return { result, seconds: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 };
}

function comparisons(disks, blocks) {
  return ((disks * (disks - 1)) / 2) * blocks;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function mebibytes() {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}

/** The sum of the distances of all pairs, in blocks. */
function sumOfDistances({ size, dataBlocks, equal, common }) {
  const blocks = dataBlocks.reduce((sum, count) => sum + count, 0) * (size - 1);
  return blocks - common.reduce((sum, count) => sum + count, 0) - equal.reduce((sum, count) => sum + count, 0);
}

async function compareWithScipy({ vectors: count, blocks, sample, runs }) {
  const scipy = new ScipyPdist(sample, blocks);
  try {
    const vectors = await openVectors(count, blocks);
    const ours = [];
    const theirs = [];
    for (let run = 0; run < runs; run++) {
      theirs.push(scipy.run());
      ours.push(await timed(() => compareByPosition(vectors, { jobs: JOBS })));
    }
    const peak = mebibytes();
    printRates(count, blocks, ours, peak);
    if (theirs.includes(undefined)) console.log('SciPy: missing; install python3-scipy');
    else await printRatio(count, blocks, sample, ours, theirs, vectors);
    await printStages(vectors);
  } finally {
    scipy.close();
  }
}

function printRates(count, blocks, ours, peak) {
  const seconds = median(ours.map((run) => run.seconds));
  console.log(`${count} vectors of ${blocks} blocks, all pairs, from files, ${JOBS} threads, ${ours.length} runs:`);
  console.log(`  median ${seconds.toFixed(2)} s (${ours.map((run) => run.seconds.toFixed(2)).join(', ')})`);
  console.log(`  of processors ${median(ours.map((run) => run.cpu)).toFixed(2)} s`);
  console.log(`  ${(comparisons(count, blocks) / seconds / 1e9).toFixed(1)}·10⁹ comparisons a second`);
  console.log(`  peak memory ${peak} MiB`);
}

async function printRatio(count, blocks, sample, ours, theirs, vectors) {
  const theirRate = comparisons(sample, blocks) / median(theirs.map((run) => run.seconds));
  const perProcessor = comparisons(count, blocks) / median(ours.map((run) => run.seconds)) / JOBS;
  console.log(`SciPy ${theirs[0].version}, ${sample} of them, labels in memory, one thread:`);
  console.log(`  median ${median(theirs.map((run) => run.seconds)).toFixed(2)} s`);
  console.log(`  ${(theirRate / 1e9).toFixed(2)}·10⁹ comparisons a second`);
  console.log(`ratio per processor ${(perProcessor / theirRate).toFixed(1)}, of wall-clock time`);
  const perSecond = comparisons(count, blocks) / median(ours.map((run) => run.cpu));
  const theirsPerSecond = comparisons(sample, blocks) / median(theirs.map((run) => run.cpu));
  console.log(`ratio per processor ${(perSecond / theirsPerSecond).toFixed(1)}, of processor time`);
  const counts = await compareByPosition(vectors.slice(0, sample), { jobs: JOBS });
  const equal = sumOfDistances(counts) === theirs[0].sum;
  console.log(`distances ${equal ? 'equal to' : 'DIFFERENT from'} SciPy's`);
  if (!equal) process.exitCode = 1;
}

async function printStages(vectors) {
  const limits = { ...COMPARISON_LIMITS, secondsWithoutThreads: Number.POSITIVE_INFINITY };
  const seconds = await stageTimes(() => compareByPosition(vectors, {}, limits));
  const stages = Object.entries(seconds).map(([stage, time]) => `${stage} ${time.toFixed(2)} s`);
  console.log(`in one thread: ${stages.join(', ')}`);
}

async function showGrowth() {
  for (const [count, blocks] of GROWTH) {
    const vectors = await openVectors(count, blocks);
    const { seconds, cpu } = await timed(() => compareByPosition(vectors, { jobs: JOBS }));
    const rate = comparisons(count, blocks) / seconds / 1e9;
    console.log(
      `${count} vectors of ${blocks} blocks: ${seconds.toFixed(2)} s, of processors ${cpu.toFixed(2)} s,`,
      `${rate.toFixed(1)}·10⁹ comparisons a second, peak memory ${mebibytes()} MiB`,
    );
  }
}

if (process.argv[2] === '--growth') await showGrowth();
else await compareWithScipy(process.argv[2] === '--quick' ? QUICK : FULL);
