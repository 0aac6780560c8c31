import type { HashVector } from '../contracts/hash-vector.js';
import type { StoreOptions, VectorStore, VectorSubject } from '../contracts/vector-store.js';
import { throwIfAborted } from '../errors.js';
import { hashVectorOf } from '../vectors/memory-hash-vector.js';
import { vectorKeyOf, vectorSubjectOf } from './vector-key.js';

/**
 * Stores hash vectors in memory, for programs that analyze repeatedly and for tests. A vector in memory is stored
 * without copying its rows.
 *
 * Memory: 4 bytes and a digest per non-zero block. Vectors are never removed; drop the store to free the memory.
 */
export class MemoryVectorStore implements VectorStore {
  readonly #vectors = new Map<string, HashVector>();

  /** The number of stored vectors. */
  get size(): number {
    return this.#vectors.size;
  }

  async find(subject: VectorSubject, { signal }: StoreOptions = {}): Promise<HashVector | undefined> {
    throwIfAborted(signal);
    return this.#vectors.get(vectorKeyOf(subject));
  }

  /** @throws `usage` as `vectorSubjectOf`, `aborted`, and whatever reading the vector's rows throws. */
  async store(vector: HashVector, { signal }: StoreOptions = {}): Promise<HashVector> {
    const key = vectorKeyOf(vectorSubjectOf(vector));
    const known = this.#vectors.get(key);
    if (known !== undefined) {
      return known;
    }
    const stored = await inMemory(vector, signal);
    this.#vectors.set(key, stored);
    return stored;
  }
}

async function inMemory(vector: HashVector, signal: AbortSignal | undefined): Promise<HashVector> {
  const { storage, rows: _, dataBlocks, ...header } = vector;
  throwIfAborted(signal);
  if (storage?.kind === 'memory') {
    return vector;
  }
  const blocks = new Uint32Array(dataBlocks);
  const digests = new Uint8Array(dataBlocks * header.digestLength);
  let row = 0;
  for await (const batch of vector.rows()) {
    throwIfAborted(signal);
    blocks.set(batch.blocks, row);
    digests.set(batch.digests, row * header.digestLength);
    row += batch.blocks.length;
  }
  return hashVectorOf(header, blocks, digests);
}
