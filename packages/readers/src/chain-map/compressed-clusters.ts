/**
 * Every compressed cluster has at least this many stored bytes, because a zstd frame and a deflate block have overhead.
 */
const MIN_STORED_BYTES = 4;
const MIN_BUCKET_BYTES = 512;
const MAX_BUCKETS = 2 ** 20;

/**
 * Detects that many compressed clusters share stored bytes. Counts the clusters that begin in each part of a file: if
 * more clusters begin in a part than can be stored there one after another, some of them share bytes. This bounds the
 * work that an image can cause by the size of its file, for every compression and ratio. Takes about 4 MiB of memory or
 * less.
 */
export class CompressedClusters {
  readonly #bucketBytes: number;
  readonly #fileBytes: number;
  /** Absent until the first cluster is counted, because most files have none. */
  #counts: Uint32Array | undefined;

  /** @param fileBytes size of the file */
  constructor(fileBytes: number) {
    this.#bucketBytes = Math.max(MIN_BUCKET_BYTES, Math.ceil(fileBytes / MAX_BUCKETS));
    this.#fileBytes = fileBytes;
  }

  /**
   * Counts a cluster that begins at byte `offset` of the file. Returns whether all clusters counted so far in the same
   * part of the file can be stored without sharing bytes.
   */
  add(offset: number): boolean {
    // A cluster can begin after the end of the file, in its incomplete last sector.
    this.#counts ??= new Uint32Array(Math.floor(this.#fileBytes / this.#bucketBytes) + 1);
    const bucket = Math.floor(offset / this.#bucketBytes);
    this.#counts[bucket]! += 1;
    return this.#counts[bucket]! <= Math.ceil(this.#bucketBytes / MIN_STORED_BYTES);
  }
}
