import { types } from 'node:util';
import type { BlockHasher } from '../contracts/block-hasher.js';
import type { NamedPart } from '../contracts/plugin.js';
import { brokenContract } from '../errors.js';

/** A fixed block of pseudo-random bytes, whose digest must be the same for every instance of a hasher. */
const PROBE = pseudoRandomBlock();

/**
 * The bytes that fill the digest's memory before the first and the second call of the hasher. A byte that is unchanged
 * after both calls counts as unwritten.
 */
const FILLERS = [0x55, 0xaa] as const;
/** Bytes on both sides of the digest that must not change. */
const MARGIN = 64;
/** The length in bytes of the shortest digest that is practically never all zeros by chance. */
const LONG_ENOUGH = 4;

/**
 * Returns the hasher's digest of a fixed block, which must be the same for every instance in every thread. Calls the
 * hasher twice.
 *
 * @throws `plugin` if the hasher returns a promise, leaves bytes of the digest unwritten, writes outside of the digest,
 *   changes the block, writes only zeros (unless the digest is shorter than 4 bytes), or writes another digest in the
 *   second call; and whatever the hasher throws.
 */
export function probeHasher(hasher: NamedPart<BlockHasher>): Uint8Array {
  const [first, second] = FILLERS.map((filler) => digestOfProbe(hasher, filler)) as [Uint8Array, Uint8Array];
  const unwritten = first.findIndex((byte, index) => byte === FILLERS[0] && second[index] === FILLERS[1]);
  if (unwritten >= 0) {
    throw brokenHash(
      hasher,
      `to write ${first.length} bytes of digest before it returns`,
      `byte ${unwritten} unwritten`,
    );
  }
  if (first.some((byte, index) => byte !== second[index])) {
    throw brokenHash(hasher, 'to write equal digests for equal blocks', 'two digests for one block');
  }
  if (first.length >= LONG_ENOUGH && first.every((byte) => byte === 0)) {
    throw brokenHash(hasher, 'to write a digest', 'only zeros for a non-zero block');
  }
  return first;
}

/** @throws `plugin` if `hash` returned a promise: the digest may be written later or never. */
export function requireNoPromise(hasher: NamedPart<BlockHasher>, returned: unknown): void {
  if (!isThenable(returned)) {
    return;
  }
  // A later rejection adds nothing to the error.
  Promise.resolve(returned).catch(() => {});
  throw brokenHash(hasher, 'to write the digest before it returns', 'that it returns a promise');
}

/** @throws `plugin` if this instance's digest of the probe differs from that of another instance. */
export function requireSameDigest(hasher: NamedPart<BlockHasher>, found: Uint8Array, expected: Uint8Array): void {
  if (found.length !== expected.length) {
    throw brokenHash(
      hasher,
      'to write digests of the same length in every thread',
      `${expected.length} bytes in one thread and ${found.length} in another`,
    );
  }
  if (found.some((byte, index) => byte !== expected[index])) {
    throw brokenHash(hasher, 'to write equal digests for equal blocks in every thread', 'two digests for one block');
  }
}

/**
 * Creates the probe. Fills it in a loop over 32-bit words, because every thread does this when it starts, and
 * `Uint8Array.from` would take 5 ms.
 */
function pseudoRandomBlock(): Uint8Array {
  const words = new Uint32Array(65_536 / Uint32Array.BYTES_PER_ELEMENT);
  for (let index = 0; index < words.length; index++) {
    words[index] = Math.imul(index + 1, 2_654_435_761);
  }
  return new Uint8Array(words.buffer);
}

function digestOfProbe(hasher: NamedPart<BlockHasher>, filler: number): Uint8Array {
  const { digestLength } = hasher.part;
  const memory = new Uint8Array(digestLength + 2 * MARGIN).fill(filler);
  const digest = memory.subarray(MARGIN, MARGIN + digestLength);
  const block = PROBE.slice();
  requireNoPromise(hasher, hasher.part.hash(block, digest));
  const margins = [memory.subarray(0, MARGIN), memory.subarray(MARGIN + digestLength)];
  if (margins.some((margin) => margin.some((byte) => byte !== filler))) {
    throw brokenHash(hasher, `to write ${digestLength} bytes of digest`, 'that it writes outside of them');
  }
  if (Buffer.compare(block, PROBE) !== 0) {
    throw brokenHash(hasher, 'not to change the block', 'that it does');
  }
  return digest;
}

function isThenable(value: unknown): boolean {
  if (types.isPromise(value)) {
    return true;
  }
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function brokenHash({ name }: NamedPart<BlockHasher>, expected: string, found: string): Error {
  return brokenContract(name, `hash() ${expected}`, found, 'hasher');
}
