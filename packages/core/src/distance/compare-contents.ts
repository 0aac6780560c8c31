import { setImmediate as nextTurn } from 'node:timers/promises';
import { throwIfAborted } from '../errors.js';
import type { HashVector } from '../hash-vectors/hash-vector.js';
import { checkComparable } from './check-comparable.js';
import type { CompareOptions } from './compare-options.js';
import { DigestTable } from './digest-table.js';
import type { PairwiseCounts } from './pairwise-counts.js';

/**
 * Compares every pair of vectors as multisets of digests, wherever in the image they stand; exact.
 *
 * The k-th occurrence of a digest within a vector is one element, so that the multisets become sets and the sum of the
 * smaller multiplicities is the size of an intersection: the bits that two bit sets have in common.
 * Memory: for each distinct element of all vectors some 30 bytes and its digest, and one bit for each vector; so it
 * grows with the disks' distinct content, unlike {@link compareByPosition}'s.
 * Throws `usage` where there is no vector or they were not made alike, `aborted`, and what reading the vectors throws.
 */
export async function compareContents(
  vectors: readonly HashVector[],
  { onFraction, signal }: CompareOptions = {},
): Promise<PairwiseCounts> {
  checkComparable(vectors);
  const elements = new ElementNumbers(vectors[0]!.digestLength);
  const sets: Uint32Array[] = [];
  for (const [index, vector] of vectors.entries()) {
    const numbers: Uint32Array[] = [];
    for await (const { blocks, digests } of vector.rows()) {
      numbers.push(elements.of(index, blocks.length, digests));
      // As vectors in memory never wait for anything, an interruption would not be noticed.
      await nextTurn();
      throwIfAborted(signal);
    }
    sets.push(bitSet(numbers, elements.size));
    onFraction?.(((index + 1) / vectors.length) * 0.5);
  }
  return intersect(vectors, sets, { onFraction: (fraction) => onFraction?.(0.5 + fraction * 0.5), signal });
}

/** Numbers the elements (digest, how many-th occurrence within its vector). */
class ElementNumbers {
  readonly #digestLength: number;
  readonly #table: DigestTable;
  /** For the first occurrence of each digest: the vector it was last seen in, and how often there. */
  #lastVector = new Int32Array(1024).fill(-1);
  #occurrences = new Uint32Array(1024);

  constructor(digestLength: number) {
    this.#digestLength = digestLength;
    this.#table = new DigestTable(digestLength, 1024);
  }

  get size(): number {
    return this.#table.size;
  }

  of(vector: number, count: number, digests: Uint8Array): Uint32Array {
    const numbers = new Uint32Array(count);
    for (let row = 0; row < count; row++) {
      const offset = row * this.#digestLength;
      const base = this.#table.number(1, digests, offset);
      const occurrence = this.#countOccurrence(vector, base);
      numbers[row] = occurrence === 1 ? base : this.#table.number(occurrence, digests, offset);
    }
    return numbers;
  }

  #countOccurrence(vector: number, base: number): number {
    while (base >= this.#lastVector.length) this.#grow();
    if (this.#lastVector[base] !== vector) {
      this.#lastVector[base] = vector;
      this.#occurrences[base] = 0;
    }
    return ++this.#occurrences[base]!;
  }

  #grow(): void {
    const lastVector = new Int32Array(this.#lastVector.length * 2).fill(-1);
    lastVector.set(this.#lastVector);
    this.#lastVector = lastVector;
    const occurrences = new Uint32Array(this.#occurrences.length * 2);
    occurrences.set(this.#occurrences);
    this.#occurrences = occurrences;
  }
}

function bitSet(batches: readonly Uint32Array[], size: number): Uint32Array {
  const set = new Uint32Array(Math.ceil(size / 32));
  for (const batch of batches) for (const element of batch) set[element >>> 5]! |= 1 << (element & 31);
  return set;
}

async function intersect(
  vectors: readonly HashVector[],
  sets: readonly Uint32Array[],
  { onFraction, signal }: CompareOptions,
): Promise<PairwiseCounts> {
  const size = vectors.length;
  const dataBlocks = Float64Array.from(vectors, (vector) => vector.dataBlocks);
  const equal = new Uint32Array((size * (size - 1)) / 2);
  let pair = 0;
  for (let first = 0; first < size; first++) {
    await nextTurn();
    throwIfAborted(signal);
    for (let second = first + 1; second < size; second++, pair++) {
      equal[pair] = commonBits(sets[first]!, sets[second]!);
    }
    onFraction?.((first + 1) / size);
  }
  return { size, dataBlocks, equal, common: equal };
}

function commonBits(first: Uint32Array, second: Uint32Array): number {
  const length = Math.min(first.length, second.length);
  let common = 0;
  for (let index = 0; index < length; index++) common += populationCount(first[index]! & second[index]!);
  return common;
}

/** Number of bits that are set in a 32-bit word (Warren, Hacker's Delight, 5-1). */
function populationCount(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
