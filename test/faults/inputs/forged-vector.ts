/** The size of a disk's block in bytes. */
const BLOCK = 65_536;
/** The size, in bytes, of the footer's length and the magic number at the end of the file. */
const TAIL = 10;

/**
 * Returns a raw disk of complete blocks that is also a valid hash-vector file. A guest can write such a file to its
 * disk, so that the digests in the file could be mistaken for those of the disk.
 *
 * @param vector a hash-vector file; the result has zeros between its rows and footer
 */
export function diskLikeVector(vector: Buffer): Buffer {
  const footer = vector.length - TAIL - vector.readUInt32LE(vector.length - TAIL);
  const padding = Buffer.alloc(BLOCK - (vector.length % BLOCK));
  return Buffer.concat([vector.subarray(0, footer), padding, vector.subarray(footer)]);
}
