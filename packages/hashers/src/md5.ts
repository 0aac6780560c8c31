import { hash } from 'node:crypto';
import type { BlockHasher } from '@virt-similarity/core';

/**
 * MD5, as in RFC 1321. Its digests are easy to check with other tools, but a guest that controls two disks can produce
 * collisions.
 */
export class Md5Hasher implements BlockHasher {
  readonly version = '1';
  readonly digestLength = 16;

  hash(block: Uint8Array, digest: Uint8Array): void {
    digest.set(hash('md5', block, 'buffer'));
  }
}
