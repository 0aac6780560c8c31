import type { HashVector, HashVectorHeader } from '../contracts/hash-vector.js';

/** Returns a vector's header as plain data: a vector of another program may be an object of a class, with getters. */
export function headerOf(vector: HashVectorHeader): HashVectorHeader {
  const { name, algorithm, hasherVersion, digestLength, blockSize, virtualSize, dataBlocks, identity } = vector;
  return {
    name,
    algorithm,
    ...(hasherVersion !== undefined && { hasherVersion }),
    digestLength,
    blockSize,
    virtualSize,
    dataBlocks,
    ...(identity !== undefined && { identity }),
  };
}

/** Returns the vector under another name. */
export function renamedVector(vector: HashVector, name: string): HashVector {
  return vector.name === name ? vector : withHeader(vector, { name });
}

/** Returns the vector with another name or identity. */
export function withHeader(
  vector: HashVector,
  changes: Partial<Pick<HashVectorHeader, 'name' | 'identity'>>,
): HashVector {
  const { storage } = vector;
  return { ...headerOf(vector), ...changes, ...(storage !== undefined && { storage }), rows: () => vector.rows() };
}
