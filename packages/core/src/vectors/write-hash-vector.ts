import type { HashVector } from '../contracts/hash-vector.js';
import { type AtomicFileOptions, writeFileAtomically } from '../files/atomic-file.js';
import { encodeHashVector } from './encode-hash-vector.js';

export type WriteHashVectorOptions = AtomicFileOptions;

/**
 * Writes a hash vector atomically as an Arrow IPC file. Equal vectors result in equal bytes.
 *
 * @throws as `writeFileAtomically`, and whatever reading `vector` throws, with system errors as `unreadable` or
 *   `unavailable`. The path is then unchanged, unless only flushing the directory failed.
 */
export async function writeHashVector(
  vector: HashVector,
  path: string,
  options: WriteHashVectorOptions = {},
): Promise<void> {
  await writeFileAtomically(path, encodeHashVector(vector), options);
}
