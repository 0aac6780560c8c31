import type { PairSet } from './pair-set.js';
import { rowSourceOf, type StoredVector } from './stored-vectors.js';

/**
 * The fewest vectors to sample, if there are as many, in order to find where the work is. Fewer than twice as many are
 * sampled.
 */
const SAMPLED_VECTORS = 16;
/** The most rows of each sampled vector that are read. */
const SAMPLED_ROWS = 64;
/** The smallest range, as a fraction of a thread's share of the work, unless a window is larger. */
const SMALLEST_RANGE = 1 / 16;

/**
 * Splits the block numbers into ranges, which `threads` threads process in this order: large ranges first, because they
 * have little overhead, and small ranges last, so that all threads end at about the same time. The work in a range is
 * estimated from a sample of rows, because most block numbers of a sparse disk have no data. Only rows of the build
 * side are sampled. For fewer than two threads, there is only one range.
 *
 * Returns the block numbers at which ranges begin, strictly ascending from 0, followed by the number of blocks of the
 * largest disk.
 *
 * @param window positions that are counted at once; in a smaller range, adding up the counts would take longer than
 *   counting
 * @throws what reading the sample throws.
 */
export function planRanges(
  vectors: readonly StoredVector[],
  { build }: PairSet,
  threads: number,
  window: number,
): number[] {
  const blocks = vectors.reduce((most, vector) => Math.max(most, vector.blocks), 0);
  const bounds = [0];
  if (threads > 1) {
    const builders = vectors.slice(0, build);
    const sample = sampleBlocks(builders);
    const positions = builders.reduce((most, { dataBlocks }) => Math.max(most, dataBlocks), 1);
    const smallest = Math.min(1 / 2, Math.max(SMALLEST_RANGE, (window * threads) / positions)) / threads;
    for (const share of rangeEnds(threads, smallest)) {
      const block = sample[Math.floor(share * sample.length)] ?? Math.floor(share * blocks);
      if (block > bounds.at(-1)! && block < blocks) {
        bounds.push(block);
      }
    }
  }
  return [...bounds, blocks];
}

/**
 * Returns the ends of the ranges, except the last end, as fractions of the work. Each range is half of a thread's share
 * of the remaining work, but not smaller than `smallest`; the last range has the rest.
 */
function rangeEnds(threads: number, smallest: number): number[] {
  const ends: number[] = [];
  let done = 0;
  while (done < 1) {
    done += Math.max((1 - done) / (2 * threads), smallest);
    if (done < 1) {
      ends.push(done);
    }
  }
  return ends;
}

/**
 * Returns the block numbers of some rows, in ascending order. Skips remote files, because reading them could block this
 * thread.
 */
function sampleBlocks(all: readonly StoredVector[]): Uint32Array {
  const vectors = all.filter(({ isRemote }) => !isRemote);
  const sample: number[] = [];
  const block = new Uint32Array(1);
  const step = Math.max(1, Math.floor(vectors.length / SAMPLED_VECTORS));
  for (let vector = 0; vector < vectors.length; vector += step) {
    const { dataBlocks } = vectors[vector]!;
    const source = rowSourceOf(vectors[vector]!);
    source.open();
    try {
      for (let index = 0; index < Math.min(SAMPLED_ROWS, dataBlocks); index++) {
        source.readBlocks(new Uint8Array(block.buffer), Math.floor((index / SAMPLED_ROWS) * dataBlocks));
        sample.push(block[0]!);
      }
    } finally {
      source.close();
    }
  }
  return Uint32Array.from(sample).sort();
}
