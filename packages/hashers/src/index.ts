import type { Plugin } from '@virt-similarity/core';
import { Blake3Hasher } from './blake3.js';
import { Md5Hasher } from './md5.js';
import { Sha256Hasher } from './sha256.js';
import { Xxh128Hasher } from './xxh128.js';

export { Blake3Hasher } from './blake3.js';
export { Md5Hasher } from './md5.js';
export { Sha256Hasher } from './sha256.js';
export { Xxh128Hasher } from './xxh128.js';

export default {
  name: '@virt-similarity/hashers',
  url: import.meta.url,
  hashers: { sha256: Sha256Hasher, md5: Md5Hasher, blake3: Blake3Hasher, xxh128: Xxh128Hasher },
} satisfies Plugin;
