/** The minimum size of a compressed cluster, in bytes: the overhead of a zstd frame or a deflate block. */
const MIN_STORED_BYTES = 4;
const MIN_BUCKET_BYTES = 512;
const MAX_BUCKETS = 2 ** 20;

/**
 * Counts the compressed clusters that begin in each part of a file, to detect clusters that share stored bytes: more
 * clusters then begin in a part than can be stored there one after another. This limits the work that an image can
 * cause to decompressing its file once, whatever the compression and its ratio. Takes up to 4 MiB of memory.
 */
export class CompressedClusters {
  readonly #bucketBytes: number;
  readonly #counts: Uint32Array;

  /** @param fileBytes Size of the file. */
  constructor(fileBytes: number) {
    this.#bucketBytes = Math.max(MIN_BUCKET_BYTES, Math.ceil(fileBytes / MAX_BUCKETS));
    // A cluster may begin after the end of the file, in its last sector.
    this.#counts = new Uint32Array(Math.floor(fileBytes / this.#bucketBytes) + 1);
  }

  /**
   * Counts a cluster that begins at a byte of the file. Returns whether all clusters so far can be stored separately.
   */
  add(offset: number): boolean {
    const bucket = Math.floor(offset / this.#bucketBytes);
    this.#counts[bucket]! += 1;
    return this.#counts[bucket]! <= Math.ceil(this.#bucketBytes / MIN_STORED_BYTES);
  }
}
