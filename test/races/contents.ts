import { createHash } from 'node:crypto';
import { deterministicBytes } from '../fixtures/deterministic-bytes.js';
import type { Digests } from '../harness/vector-digests.js';

export const BLOCK = 65_536;

/** The content of a disk, block by block; nothing where the block is zeros. */
export type Content = readonly (Buffer | undefined)[];

/** Bytes that a block repeats, so that it can be compressed. */
const PATTERN = 4096;

/** Content of so many blocks of which only the named ones are data, each unlike every other block of any seed. */
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

/** Blocks at which two contents differ; past the end of the shorter one its content counts as zeros. */
export function distanceOf(one: Digests, other: Digests): number {
  return all(Math.max(one.length, other.length)).filter((block) => one[block] !== other[block]).length;
}
