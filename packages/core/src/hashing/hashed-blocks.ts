import type { HashTask } from './hash-task.js';

/** The numbers of non-zero blocks, ascending, and the digests of these blocks, concatenated. */
export interface HashedBlocks {
  readonly blocks: Uint32Array;
  readonly digests: Uint8Array;
}

/**
 * Returns the non-zero blocks of a finished task, in new memory. Moves digests within the task's memory.
 *
 * @param blocks the numbers of all blocks of the task, ascending
 */
export function withoutZeroBlocks(
  blocks: Uint32Array,
  { present, digests }: HashTask,
  digestLength: number,
): HashedBlocks {
  let count = 0;
  const kept = new Uint32Array(blocks.length);
  for (let slot = 0; slot < blocks.length; slot++) {
    if (present[slot] === 0) {
      continue;
    }
    if (count !== slot) {
      digests.copyWithin(count * digestLength, slot * digestLength, (slot + 1) * digestLength);
    }
    kept[count++] = blocks[slot]!;
  }
  return { blocks: kept.slice(0, count), digests: digests.slice(0, count * digestLength) };
}

/** Copies the block numbers and digests of consecutive parts to new memory. */
export function concatenate(parts: readonly HashedBlocks[], digestLength: number): HashedBlocks {
  const total = parts.reduce((sum, part) => sum + part.blocks.length, 0);
  const blocks = new Uint32Array(total);
  const digests = new Uint8Array(total * digestLength);
  let offset = 0;
  for (const part of parts) {
    blocks.set(part.blocks, offset);
    digests.set(part.digests, offset * digestLength);
    offset += part.blocks.length;
  }
  return { blocks, digests };
}
