import assert from 'node:assert/strict';
import type { BlockHasher } from '@virt-similarity/core';
import { asserting, assertSame, type ContractTest } from './contract-test.js';

const BLOCK_BYTES = 65_536;
/** Guard bytes on each side of a digest; they must not change. */
const MARGIN = 64;

/**
 * The contract of every block hasher. Each call of the factory must return a new hasher, which the tests then prepare.
 */
export function blockHasherContract(create: () => BlockHasher): ContractTest[] {
  const prepare = async (): Promise<BlockHasher> => {
    const hasher = create();
    await hasher.prepare?.();
    return hasher;
  };
  return asserting({ of: 'BlockHasher', file: 'block-hasher.d.ts' }, [
    {
      title: 'has a digest length of 1 to 64 bytes and a valid version, if it has one',
      run: async () => testProperties(await prepare()),
    },
    { title: 'writes the complete digest and nothing outside it', run: async () => testBounds(await prepare()) },
    {
      title: 'writes the digest synchronously and does not return a promise',
      run: async () => testSynchrony(await prepare()),
    },
    {
      title: 'computes the same digest for the same block',
      run: async () => testDeterminism(await prepare(), await prepare()),
    },
    { title: 'keeps no state between blocks', run: async () => testStatelessness(await prepare()) },
    {
      title: 'computes different digests for blocks that differ in one bit',
      run: async () => testDifference(await prepare()),
    },
    {
      title: 'computes different digests for the same bytes in another order',
      run: async () => testOrder(await prepare()),
    },
    { title: 'hashes blocks of any length', run: async () => testLengths(await prepare()) },
    { title: 'does not change the block', run: async () => testInputUntouched(await prepare()) },
    {
      title: 'reads blocks from shared memory and writes digests to it',
      run: async () => testSharedMemory(await prepare()),
    },
  ]);
}

function testProperties(hasher: BlockHasher): void {
  const { digestLength, version = '1' } = hasher;
  assert.ok(
    Number.isInteger(digestLength) && digestLength >= 1 && digestLength <= 64,
    `digestLength: expected a whole number from 1 to 64, found ${digestLength}`,
  );
  assert.ok(
    typeof version === 'string' && version.length >= 1 && version.length <= 100,
    'version: expected 1 to 100 characters',
  );
}

function testBounds(hasher: BlockHasher): void {
  const end = MARGIN + hasher.digestLength;
  const outcomes = [0x00, 0xff].map((filler) => {
    const surroundings = new Uint8Array(end + MARGIN).fill(filler);
    hash(hasher, patternedBlock(BLOCK_BYTES), surroundings.subarray(MARGIN, end));
    const outside = [surroundings.subarray(0, MARGIN), surroundings.subarray(end)];
    assert.ok(
      outside.every((bytes) => bytes.every((byte) => byte === filler)),
      'hash() wrote bytes before or after the digest, which belong to other blocks',
    );
    return surroundings.slice(MARGIN, end);
  });
  assertSame(outcomes[0], outcomes[1], 'hash() did not write the complete digest');
}

function testSynchrony(hasher: BlockHasher): void {
  const digest = digestOf(hasher, patternedBlock(BLOCK_BYTES));
  assert.ok(hasher.digestLength < 4 || digest.some((byte) => byte !== 0), 'the digest is zeros only');
}

function testDeterminism(hasher: BlockHasher, other: BlockHasher): void {
  const block = patternedBlock(BLOCK_BYTES);
  assertSame(digestOf(hasher, block), digestOf(hasher, block), 'expected the same digest again');
  assertSame(digestOf(other, block), digestOf(hasher, block), 'expected the same digest from another instance');
}

function testStatelessness(hasher: BlockHasher): void {
  const block = patternedBlock(BLOCK_BYTES);
  const before = digestOf(hasher, block);
  digestOf(hasher, patternedBlock(512));
  assertSame(digestOf(hasher, block), before, 'expected the same digest after another block');
}

function testDifference(hasher: BlockHasher): void {
  const block = patternedBlock(BLOCK_BYTES);
  const before = digestOf(hasher, block);
  for (const position of [0, 1000, 1001, 4096, BLOCK_BYTES / 2, BLOCK_BYTES - 1]) {
    // Changes the block in place, to detect a hasher that caches the digest of a buffer although its content changes.
    block[position]! ^= 1;
    assertDifferent(digestOf(hasher, block), before, `byte ${position} does not affect the digest`);
    block[position]! ^= 1;
  }
}

function testOrder(hasher: BlockHasher): void {
  const block = patternedBlock(BLOCK_BYTES);
  assertDifferent(digestOf(hasher, block.toReversed()), digestOf(hasher, block), 'the order of bytes has no effect');
}

function testLengths(hasher: BlockHasher): void {
  for (const length of [1, 511, 512, 4096, 1024 * 1024]) {
    digestOf(hasher, patternedBlock(length));
  }
}

function testInputUntouched(hasher: BlockHasher): void {
  const block = patternedBlock(BLOCK_BYTES);
  digestOf(hasher, block);
  assertSame(block, patternedBlock(BLOCK_BYTES), 'hash() changed the block');
}

function testSharedMemory(hasher: BlockHasher): void {
  const block = patternedBlock(BLOCK_BYTES);
  const shared = new Uint8Array(new SharedArrayBuffer(3 * BLOCK_BYTES), BLOCK_BYTES, BLOCK_BYTES);
  shared.set(block);
  const digest = new Uint8Array(new SharedArrayBuffer(hasher.digestLength + 8), 8, hasher.digestLength);
  hash(hasher, shared, digest);
  assertSame(Uint8Array.from(digest), digestOf(hasher, block), 'expected the same digest as in other memory');
}

/** Calls the hasher, which must be synchronous. */
function hash(hasher: BlockHasher, block: Uint8Array, digest: Uint8Array): void {
  const returned: unknown = hasher.hash(block, digest);
  if (typeof returned !== 'object' || returned === null || !('then' in returned)) {
    return;
  }
  // A later rejection is irrelevant: the test fails here.
  Promise.resolve(returned).catch(() => {});
  assert.fail('hash() returned a promise; compute the digest before returning, and load code in prepare()');
}

function assertDifferent(one: Uint8Array, other: Uint8Array, problem: string): void {
  assert.ok(Buffer.compare(one, other) !== 0, problem);
}

function digestOf(hasher: BlockHasher, block: Uint8Array): Uint8Array {
  const digest = new Uint8Array(hasher.digestLength);
  hash(hasher, block, digest);
  return digest;
}

function patternedBlock(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
}
