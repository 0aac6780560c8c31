import { types } from 'node:util';
import type { BlockHasher } from '../contracts/block-hasher.js';
import type { NamedPart } from '../contracts/plugin.js';
import { brokenContract } from '../errors.js';

/** A block of pseudo-random bytes that never changes: every instance of a hasher must give it one digest. */
const PROBE = pseudoRandomBlock();

/** What the digest's memory holds before the hasher is called. Two values, so that a byte that was not written shows. */
const FILLERS = [0x55, 0xaa] as const;
/** Bytes on both sides of the digest that must stay as they are. */
const MARGIN = 64;
/** Bytes of a digest from which on chance does not make it all zeros. */
const LONG_ENOUGH = 4;

/**
 * The digest of a fixed block, which every instance of the hasher must agree on, in whichever thread it is.
 *
 * @throws `plugin` where the hasher returns a promise, leaves bytes of the digest unwritten or writes others, gives
 *   zeros only, or gives the same block two digests; and whatever the hasher throws.
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
    throw brokenHash(hasher, 'to give equal blocks equal digests', 'two digests of one block');
  }
  if (first.length >= LONG_ENOUGH && first.every((byte) => byte === 0)) {
    throw brokenHash(hasher, 'to write a digest', 'zeros only for a block that is not zero');
  }
  return first;
}

/** @throws `plugin` where what `hash` returned is a promise: the digest is not there yet, and may never be. */
export function requireNoPromise(hasher: NamedPart<BlockHasher>, returned: unknown): void {
  if (!isThenable(returned)) {
    return;
  }
  // What it rejects with later is no news.
  Promise.resolve(returned).catch(() => {});
  throw brokenHash(hasher, 'to write the digest before it returns', 'that it returns a promise');
}

/** @throws `plugin` unless this instance's digest of the probe is that of another instance. */
export function requireSameDigest(hasher: NamedPart<BlockHasher>, found: Uint8Array, expected: Uint8Array): void {
  if (found.length !== expected.length) {
    throw brokenHash(
      hasher,
      'to have digests of one length in every thread',
      `${expected.length} bytes in one and ${found.length} in another`,
    );
  }
  if (found.some((byte, index) => byte !== expected[index])) {
    throw brokenHash(hasher, 'to give equal blocks equal digests in every thread', 'two digests of one block');
  }
}

/** Filled by a loop over words, as every thread makes its own when it starts: `Uint8Array.from` takes 5 ms. */
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
    throw brokenHash(hasher, `to write ${digestLength} bytes of digest`, 'that it writes beside them');
  }
  if (Buffer.compare(block, PROBE) !== 0) {
    throw brokenHash(hasher, 'to leave the block as it is', 'that it changes it');
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
