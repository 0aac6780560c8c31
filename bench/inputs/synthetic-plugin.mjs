/**
 * The hasher that generated hash vectors name as their hasher. It cannot hash. Its digests are short, to save disk
 * space, but so long that chance collisions are improbable.
 */
export class SyntheticHasher {
  digestLength = 8;

  hash() {
    throw new Error('synthetic digests belong to no content');
  }
}

export const syntheticPlugin = { name: 'synthetic', hashers: { synthetic: SyntheticHasher } };
