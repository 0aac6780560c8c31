import { existsSync, renameSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeHashVector } from '#core/hash-vectors/encode-hash-vector.js';
import { hashVectorOf } from '#core/hash-vectors/memory-hash-vector.js';

const DATA = fileURLToPath(new URL('../.data', import.meta.url));
const FAMILIES = 20;
const OWN_PERCENT = 10;
const OWN_RUN = 32;
const ZERO_PERCENT = 30;
const ZERO_RUN = 64;
const BLOCK_SIZE = 65_536;
const DIGEST_WORDS = 8;

/** A 32-bit mix of a number (the finalizer of MurmurHash3). */
function mix(number) {
  let hash = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * What each block of a disk holds, as a number: 0 for zeros, equal numbers for equal contents. Disks belong to 20
 * families; in each, the same runs of 64 blocks are zeros, 30 % of all, and every disk has its own content in 10 % of
 * the runs of 32.
 */
export function contentsOf(disk, blocks) {
  const family = disk % FAMILIES;
  return Int32Array.from({ length: blocks }, (_, block) => {
    if (mix(mix(family + 77) ^ (block / ZERO_RUN)) % 100 < ZERO_PERCENT) return 0;
    const isOwn = mix(mix(disk + 1_000_003) ^ (block / OWN_RUN)) % 100 < OWN_PERCENT;
    return 1 + (isOwn ? FAMILIES + disk : family) * blocks + block;
  });
}

function vectorOf(disk, blocks) {
  const contents = contentsOf(disk, blocks);
  const numbers = new Uint32Array(blocks);
  const words = new Uint32Array(blocks * DIGEST_WORDS);
  let rows = 0;
  for (const [block, content] of contents.entries()) {
    if (content === 0) continue;
    numbers[rows] = block;
    // The first word alone tells all contents apart, as it is a permutation of them.
    for (let word = 0; word < DIGEST_WORDS; word++) words[rows * DIGEST_WORDS + word] = mix(content ^ (word << 28));
    rows++;
  }
  const digestLength = DIGEST_WORDS * 4;
  const header = { name: `disk-${disk}`, algorithm: 'sha256', digestLength, blockSize: BLOCK_SIZE };
  const digests = new Uint8Array(words.buffer, 0, rows * digestLength);
  return hashVectorOf({ ...header, virtualSize: blocks * BLOCK_SIZE }, numbers.slice(0, rows), digests);
}

/** The paths of that many vector files, which are written when they are not there: some 25 bytes for each block. */
export async function vectorFiles(disks, blocks) {
  const directory = join(DATA, `vectors-of-${blocks}`);
  await mkdir(directory, { recursive: true });
  const paths = Array.from({ length: disks }, (_, disk) => join(directory, `${disk}.arrow`));
  for (const [disk, path] of paths.entries()) {
    if (existsSync(path)) continue;
    const pieces = [];
    for await (const piece of encodeHashVector(vectorOf(disk, blocks))) pieces.push(Buffer.from(piece));
    await writeFile(`${path}.new`, Buffer.concat(pieces));
    renameSync(`${path}.new`, path);
  }
  return paths;
}
