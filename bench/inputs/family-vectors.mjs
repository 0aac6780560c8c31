import { hashVectorOf } from '@virt-similarity/core';

const BLOCK_SIZE = 65_536;
const RUN = 64;

/**
 * Returns the contents of each block of an imaginary disk, as numbers: 0 for zeros, equal numbers for equal contents.
 * The disks are clones of `families` bases in turn. About a tenth of the data in each clone is its own, in runs of 64
 * blocks.
 *
 * @param {{ families: number, blocks: number, data: number }} shape `blocks` is the number of blocks of each disk;
 *   `data` is the approximate fraction of its blocks that are not zeros
 * @param {number} index the index of the clone, from 0
 */
export function familyContents({ families, blocks, data }, index) {
  const family = index % families;
  const contents = new Int32Array(blocks);
  for (let block = 0; block < blocks; block++) {
    const run = Math.floor(block / RUN);
    if (fraction(mix(family, run, 1)) >= data) {
      continue;
    }
    const own = fraction(mix(index, run, 2)) < 0.1;
    contents[block] = own ? mix(index, block, 3) : mix(family, block, 4);
  }
  return contents;
}

/**
 * Returns the hash vector of a clone.
 *
 * @param {{ families: number, blocks: number, data: number, digestLength: number }} shape
 * @param {number} index the index of the clone, from 0
 * @param {{ name: string, algorithm: string, identity?: object }} header
 */
export function familyVector(shape, index, header) {
  const { blocks, digestLength } = shape;
  const numbers = new Uint32Array(blocks);
  const digests = new Uint8Array(blocks * digestLength);
  let used = 0;
  for (const [block, content] of familyContents(shape, index).entries()) {
    if (content === 0) {
      continue;
    }
    writeDigest(digests, used * digestLength, digestLength, content);
    numbers[used++] = block;
  }
  const complete = { digestLength, blockSize: BLOCK_SIZE, virtualSize: blocks * BLOCK_SIZE, ...header };
  return hashVectorOf(complete, numbers.slice(0, used), digests.slice(0, used * digestLength));
}

function writeDigest(digests, start, length, content) {
  let state = content;
  for (let at = start; at < start + length; at += 4) {
    state = scramble(state + 0x9e3779b9);
    digests[at] = state;
    digests[at + 1] = state >>> 8;
    digests[at + 2] = state >>> 16;
    digests[at + 3] = state >>> 24;
  }
}

function mix(first, second, third) {
  return scramble(scramble(scramble(first + 1) ^ second) ^ third);
}

function fraction(word) {
  return (word >>> 0) / 2 ** 32;
}

/** The finalizer of MurmurHash3 (Appleby), a permutation of 32-bit words. */
function scramble(word) {
  let mixed = word | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
