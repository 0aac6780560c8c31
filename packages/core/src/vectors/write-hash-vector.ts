import type { HashVector } from '../contracts/hash-vector.js';
import { type AtomicFileOptions, writeFileAtomically } from '../files/atomic-file.js';
import { encodeHashVector } from './encode-hash-vector.js';

export type WriteHashVectorOptions = AtomicFileOptions;

/**
 * Writes a hash vector as an Arrow IPC file, atomically; equal vectors give equal bytes.
 *
 * @throws what `writeFileAtomically` throws, and what reading `vector` throws; the path is then as it was.
 */
export async function writeHashVector(
  vector: HashVector,
  path: string,
  options: WriteHashVectorOptions = {},
): Promise<void> {
  await writeFileAtomically(path, encodeHashVector(vector), options);
}
