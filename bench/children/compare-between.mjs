/**
 * Compares the last `rows` hash-vector files of a directory with the first `columns`; if `rows` is 0, compares all
 * pairs of the columns. Prints the peak memory in bytes and the duration in seconds, which includes reading the files
 * unless `from` is `memory`, but not opening them.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  compareByPosition,
  compareContents,
  compareContentsBetween,
  comparePositionsBetween,
  hashVectorOf,
  openHashVector,
} from '@virt-similarity/core';

const { directory, columns, rows, alignment, from } = JSON.parse(process.argv[2]);
const [within, between] =
  alignment === 'position' ? [compareByPosition, comparePositionsBetween] : [compareContents, compareContentsBetween];
const files = (await readdir(directory)).sort();
const vectors = [];
for (const file of files) {
  const vector = await openHashVector(join(directory, file));
  vectors.push(from === 'memory' ? await inSharedMemory(vector) : vector);
}
const compared = vectors.slice(0, columns);

const start = performance.now();
if (rows === 0) {
  await within(compared);
} else {
  await between(vectors.slice(-rows), compared);
}
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ seconds, peakBytes: process.resourceUsage().maxRSS * 1024 }));

async function inSharedMemory({ rows: read, storage: _, dataBlocks, ...header }) {
  const blocks = new Uint32Array(new SharedArrayBuffer(dataBlocks * 4));
  const digests = new Uint8Array(new SharedArrayBuffer(dataBlocks * header.digestLength));
  let row = 0;
  for await (const part of read()) {
    blocks.set(part.blocks, row);
    digests.set(part.digests, row * header.digestLength);
    row += part.blocks.length;
  }
  return hashVectorOf(header, blocks, digests);
}
