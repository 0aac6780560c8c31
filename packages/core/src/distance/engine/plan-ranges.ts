import type { PairSet } from './pair-set.js';
import { rowSourceOf, type StoredVector } from './stored-vectors.js';

/** Vectors, and rows of each, that are looked at to find where the work is. */
const SAMPLED_VECTORS = 16;
const SAMPLED_ROWS = 64;
/** The smallest range, as a part of a thread's share of the work, if windows are not larger. */
const SMALLEST_RANGE = 1 / 16;

/**
 * Cuts the block numbers into ranges for `threads` threads to take one after the other: large ones first, for their
 * costs are few, and small ones last, so that all threads end at about the same time. Sizes are measured in rows, of
 * which a sample is taken, because a thin disk has most of its block numbers where nothing is. The sample is of the build
 * side: nothing else has to be read of the other side.
 *
 * Returns the block numbers at which ranges begin, strictly ascending from 0, and at last the number of blocks.
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

/** Where ranges end, as parts of the whole: each takes half of what would be a thread's share of the rest. */
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

/** Block numbers of some rows, ascending; none of files whose reading could block this thread. */
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
