import { createRequire } from 'node:module';
import type { BlockHasher } from '@virt-similarity/core';
import { loadNativeModule } from './native-module.js';

const require = createRequire(import.meta.url);

type Blake3 = (input: Uint8Array) => Uint8Array;

/** BLAKE3 with its default digest of 32 bytes, as in the BLAKE3 paper of 2021. */
export class Blake3Hasher implements BlockHasher {
  readonly version = '1';
  readonly digestLength = 32;
  #blake3: Blake3 | undefined;

  /** @throws `unavailable` if the compiled code cannot be loaded. */
  hash(block: Uint8Array, digest: Uint8Array): void {
    this.#blake3 ??= loadNativeModule('blake3', '@napi-rs/blake-hash', loadBlake3);
    digest.set(this.#blake3(block));
  }
}

function loadBlake3(): Blake3 {
  return (require('@napi-rs/blake-hash') as { blake3: Blake3 }).blake3;
}
