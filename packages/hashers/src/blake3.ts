import type { BlockHasher } from '@virt-similarity/core';
import { loadNativeModule } from './native-module.js';

type Blake3 = (input: Uint8Array) => Uint8Array;

/** BLAKE3 with its default 32 bytes, after the BLAKE3 paper of 2021. */
export class Blake3Hasher implements BlockHasher {
  readonly name = 'blake3';
  readonly digestLength = 32;
  #blake3: Blake3 | undefined;

  /** @throws VirtSimilarityError `unavailable` where the compiled code cannot be loaded. */
  hash(block: Uint8Array, digest: Uint8Array): void {
    this.#blake3 ??= loadNativeModule<{ blake3: Blake3 }>('@napi-rs/blake-hash', this.name).blake3;
    digest.set(this.#blake3(block));
  }
}
