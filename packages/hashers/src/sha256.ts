import { hash } from 'node:crypto';
import type { BlockHasher } from '@virt-similarity/core';

/** SHA-256, as in FIPS 180-4. */
export class Sha256Hasher implements BlockHasher {
  readonly version = '1';
  readonly digestLength = 32;

  hash(block: Uint8Array, digest: Uint8Array): void {
    digest.set(hash('sha256', block, 'buffer'));
  }
}
