import { link } from 'node:fs/promises';
import { hashVectorOf, writeHashVector } from '@virt-similarity/core';
import type { Workplace } from './command.js';

const BLOCKS = 1_000_000;

/**
 * Writes `0.arrow` to `199.arrow`: links to one hash vector of `slow` digests, which is so large that comparing all
 * pairs takes seconds. Returns their names.
 */
export async function writeLargeVectors(workplace: Workplace): Promise<string[]> {
  const names = Array.from({ length: 200 }, (_, index) => `${index}.arrow`);
  const [first, ...others] = names as [string, ...string[]];
  const header = { name: first, algorithm: 'slow', digestLength: 1, blockSize: 512, virtualSize: BLOCKS * 512 };
  const blocks = Uint32Array.from({ length: BLOCKS }, (_, index) => index);
  const vector = hashVectorOf(header, blocks, new Uint8Array(BLOCKS));
  await writeHashVector(vector, workplace.path(first));
  for (const name of others) {
    await link(workplace.path(first), workplace.path(name));
  }
  return names;
}
