import { createRequire } from 'node:module';
import type { BlockHasher } from '@virt-similarity/core';
import { loadNativeModule } from './native-module.js';

const require = createRequire(import.meta.url);

interface XxHash128 {
  hash(input: Uint8Array): Uint8Array;
}

/**
 * XXH128 with seed 0, in the canonical big-endian form that `xxhsum -H2` prints. Faster than the other hashers of this
 * package, but not cryptographic: collisions can be produced on purpose.
 */
export class Xxh128Hasher implements BlockHasher {
  readonly version = '1';
  readonly digestLength = 16;
  #xxHash128: XxHash128 | undefined;

  /** @throws `unavailable` if the compiled code cannot be loaded. */
  hash(block: Uint8Array, digest: Uint8Array): void {
    this.#xxHash128 ??= loadNativeModule('xxh128', 'xxhash-addon', loadXxHash128);
    digest.set(this.#xxHash128.hash(block));
  }
}

function loadXxHash128(): XxHash128 {
  return (require('xxhash-addon') as { XXHash128: XxHash128 }).XXHash128;
}
