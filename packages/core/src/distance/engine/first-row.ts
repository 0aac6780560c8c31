import { partitionPoint } from '../../partition-point.js';
import type { RowSource } from './row-source.js';

/** When at most this many rows remain to be searched, they are read at once. */
const ROWS_AT_ONCE = 2048;

/**
 * Finds the first of the rows from `low` to `high` − 1 whose block number is at least `block`, by binary search.
 * Returns the index of the row; `high` if there is none. If the block numbers do not ascend, returns any number from
 * `low` to `high`.
 */
export function firstRowFrom(source: RowSource, block: number, low: number, high: number): number {
  const blocks = new Uint32Array(Math.min(ROWS_AT_ONCE, high - low));
  const bytes = new Uint8Array(blocks.buffer);
  let [from, to] = [low, high];
  while (to - from > ROWS_AT_ONCE) {
    const middle = Math.floor((from + to) / 2);
    source.readBlocks(bytes.subarray(0, 4), middle);
    if (blocks[0]! < block) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  source.readBlocks(bytes.subarray(0, (to - from) * 4), from);
  return from + partitionPoint(blocks.subarray(0, to - from), (each) => each < block);
}
