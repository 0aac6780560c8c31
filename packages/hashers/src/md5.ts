import { hash } from 'node:crypto';
import type { BlockHasher } from '@virt-similarity/core';

/** MD5, after RFC 1321. Fast to check against other tools, but whoever controls two disks can make it collide. */
export class Md5Hasher implements BlockHasher {
  readonly version = '1';
  readonly digestLength = 16;

  hash(block: Uint8Array, digest: Uint8Array): void {
    digest.set(hash('md5', block, 'buffer'));
  }
}
