/**
 * The hasher that generated hash vectors name as theirs. It cannot hash. To save disk space, its digests are as short
 * as possible without chance collisions.
 */
export class SyntheticHasher {
  digestLength = 8;

  hash() {
    throw new Error('synthetic digests belong to no content');
  }
}

export const syntheticPlugin = { name: 'synthetic', hashers: { synthetic: SyntheticHasher } };
