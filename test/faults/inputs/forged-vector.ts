/** Bytes of a disk's block. */
const BLOCK = 65_536;
/** Magic, and the length of the footer before it. */
const TAIL = 10;

/**
 * A raw disk of whole blocks that is a sound hash-vector file too: what a guest can write to its own disk, so that digests
 * of its choice are taken for those of the disk.
 *
 * @param vector a hash-vector file, between whose rows and footer zeros are put
 */
export function diskLikeVector(vector: Buffer): Buffer {
  const footer = vector.length - TAIL - vector.readUInt32LE(vector.length - TAIL);
  const padding = Buffer.alloc(BLOCK - (vector.length % BLOCK));
  return Buffer.concat([vector.subarray(0, footer), padding, vector.subarray(footer)]);
}
