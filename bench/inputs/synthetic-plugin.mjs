/**
 * The name of the digests that the inputs' generator makes up. They are as short as they can be without two contents
 * meeting by chance, to spare the disk.
 */
export class SyntheticHasher {
  digestLength = 8;

  hash() {
    throw new Error('synthetic digests belong to no content');
  }
}

export const syntheticPlugin = { name: 'synthetic', hashers: { synthetic: SyntheticHasher } };
