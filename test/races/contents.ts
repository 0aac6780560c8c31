import { createHash } from 'node:crypto';
import { deterministicBytes } from '../fixtures/deterministic-bytes.js';
import type { Digests } from '../harness/vector-digests.js';

export const BLOCK = 65_536;

/** The content of a disk, block by block; `undefined` for blocks of zeros. */
export type Content = readonly (Buffer | undefined)[];

/** The length, in bytes, of the random sequence that a block repeats, so that the block can be compressed. */
const PATTERN = 4096;

/**
 * Returns content in which only the blocks in `data` are not zeros. No two of these blocks, of any seeds, are equal.
 */
export function contentOf(seed: string, blocks: number, data: readonly number[] = all(blocks)): Content {
  return Array.from({ length: blocks }, (_, block) =>
    data.includes(block) ? Buffer.alloc(BLOCK, deterministicBytes(`${seed} ${block}`, PATTERN)) : undefined,
  );
}

export function all(blocks: number): number[] {
  return Array.from({ length: blocks }, (_, block) => block);
}

export function digestsOf(content: Content): Digests {
  return content.map((block) => block && createHash('sha256').update(block).digest('hex'));
}

/** Returns the number of blocks in which two contents differ. The shorter content is padded with zeros. */
export function distanceOf(one: Digests, other: Digests): number {
  return all(Math.max(one.length, other.length)).filter((block) => one[block] !== other[block]).length;
}
