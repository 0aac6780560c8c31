import type { HashVector } from '../contracts/hash-vector.js';
import { blockCountOf, problemOfBlocks } from './check-header.js';
import { encodeHashVector } from './encode-hash-vector.js';
import { hashVectorOf } from './memory-hash-vector.js';
import { hashVectorIn } from './read-hash-vector.js';
import { readingError } from './reading-error.js';

/**
 * Returns the bytes that `writeHashVector` writes: an Arrow IPC file. Equal vectors have equal bytes.
 *
 * @throws what reading `vector` throws.
 */
export async function hashVectorToBytes(vector: HashVector): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of encodeHashVector(vector)) {
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}

/**
 * Reads a hash vector from the bytes of an Arrow IPC file, which may be hostile. Copies the rows, so the bytes can be
 * changed afterwards.
 *
 * @param name the vector's name in messages, and its `name` if the bytes contain no name
 * @throws `corrupt` if the bytes are not those of a hash vector.
 */
export async function hashVectorFromBytes(bytes: Uint8Array, name = 'hash vector'): Promise<HashVector> {
  // There is no file that could change.
  const identity = { device: 0n, inode: 0n, size: BigInt(bytes.length), mtimeNs: 0n };
  const read = (length: number, position: number): Uint8Array => {
    if (position + length > bytes.length) {
      throw new Error(`expected ${length} bytes at offset ${position}, found the end at ${bytes.length}`);
    }
    // Not `slice`, which does not copy the bytes of a `Buffer`.
    return Uint8Array.from(bytes.subarray(position, position + length));
  };
  const vector = await hashVectorIn({ path: name, identity, read });
  const { storage, rows: _, ...header } = vector;
  const batches = storage?.kind === 'file' ? storage.batches : [];
  const blocks = new Uint32Array(header.dataBlocks);
  const digests = new Uint8Array(header.dataBlocks * header.digestLength);
  let row = 0;
  for (const { rows, blocksOffset, digestsOffset } of batches) {
    blocks.set(new Uint32Array(read(rows * 4, blocksOffset).buffer), row);
    digests.set(read(rows * header.digestLength, digestsOffset), row * header.digestLength);
    row += rows;
  }
  const problem = problemOfBlocks(blocks, -1, blockCountOf(vector));
  if (problem !== undefined) {
    throw readingError(new Error(problem), name);
  }
  return hashVectorOf(header, blocks, digests);
}
