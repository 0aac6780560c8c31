import type { PairSet } from './pair-set.js';
import { rowSourceOf, type StoredVector } from './stored-vectors.js';

/** Vectors, and rows of each, that are sampled to find where the work is. */
const SAMPLED_VECTORS = 16;
const SAMPLED_ROWS = 64;
/** The smallest range, as a fraction of a thread's share of the work, unless a window is larger. */
const SMALLEST_RANGE = 1 / 16;

/**
 * Splits the block numbers into ranges for `threads` threads to process one after the other: large ranges first,
 * because their overhead is low, and small ones last, so that all threads end at about the same time. Sizes are
 * estimated from a sample of rows, because most block numbers of a sparse disk have no data. Only the build side is
 * sampled, so that no other rows of the probe side are read.
 *
 * Returns the block numbers at which ranges begin, strictly ascending from 0, followed by the number of blocks.
 *
 * @param window positions that are counted at once; with fewer, adding up takes longer than counting
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
 * Returns the ends of ranges as fractions of the work. Each range is half of a thread's share of the remaining work.
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

/** Returns block numbers of some rows, ascending. Skips remote files, because reading them could block this thread. */
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
