import { hash } from 'node:crypto';
import type { BlockHasher, Plugin } from '@virt-similarity/core';

/** SHA-512/256 (FIPS 180-4): on 64-bit processors without instructions for SHA-256, faster than SHA-256. */
export class Sha512Hasher implements BlockHasher {
  /** Must change whenever the digest of any block changes. */
  readonly version = '1';
  readonly digestLength = 32;

  hash(block: Uint8Array, digest: Uint8Array): void {
    digest.set(hash('sha512-256', block, 'buffer'));
  }
}

export default {
  name: 'sha512-hasher',
  url: import.meta.url,
  version: '0.1.0',
  core: '^0.1.0',
  hashers: { 'sha512-256': Sha512Hasher },
} satisfies Plugin;
