/** The size of a disk's block in bytes. */
const BLOCK = 65_536;
/** The bytes of the magic number and of the footer's length before it. */
const TAIL = 10;

/**
 * Returns a raw disk of whole blocks that is also a valid hash-vector file. A guest can write one to its own disk, so
 * that its digests could be mistaken for those of the disk.
 *
 * @param vector a hash-vector file; the result has zeros between its rows and footer
 */
export function diskLikeVector(vector: Buffer): Buffer {
  const footer = vector.length - TAIL - vector.readUInt32LE(vector.length - TAIL);
  const padding = Buffer.alloc(BLOCK - (vector.length % BLOCK));
  return Buffer.concat([vector.subarray(0, footer), padding, vector.subarray(footer)]);
}
