import type { HashVector, HashVectorRows } from '../contracts/hash-vector.js';
import { type ArrowBatch, type ArrowColumn, encodeArrowFile } from './encode-arrow-file.js';
import { metadataOf } from './hash-vector-metadata.js';
import { ROWS_PER_BATCH } from './rows-per-batch.js';

/**
 * Yields the bytes of a hash vector's Arrow IPC file. Record batches have 8,192 rows, and the last has the rest. They
 * do not depend on the batches of `vector.rows()`, so that equal vectors result in equal bytes.
 *
 * Format: https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format
 *
 * @throws what `vector.rows()` throws.
 */
export function encodeHashVector(vector: HashVector): AsyncGenerator<Uint8Array, void, undefined> {
  const columns: ArrowColumn[] = [
    { name: 'block', type: 'uint32' },
    { name: 'hash', type: { bytes: vector.digestLength } },
  ];
  return encodeArrowFile(columns, metadataOf(vector), batchesOf(vector));
}

async function* batchesOf(vector: HashVector): AsyncGenerator<ArrowBatch> {
  for await (const { blocks, digests } of rebatch(vector)) {
    yield { length: blocks.length, values: [blocks, digests] };
  }
}

/** Yields the vector's rows in batches of exactly 8,192, except the last. Each batch has its own memory. */
async function* rebatch(vector: HashVector): AsyncGenerator<HashVectorRows, void, undefined> {
  const { digestLength } = vector;
  let batch = emptyBatch(digestLength);
  let filled = 0;
  for await (const rows of vector.rows()) {
    for (let start = 0; start < rows.blocks.length; ) {
      const count = Math.min(rows.blocks.length - start, ROWS_PER_BATCH - filled);
      batch.blocks.set(rows.blocks.subarray(start, start + count), filled);
      batch.digests.set(
        rows.digests.subarray(start * digestLength, (start + count) * digestLength),
        filled * digestLength,
      );
      start += count;
      filled += count;
      if (filled === ROWS_PER_BATCH) {
        yield batch;
        batch = emptyBatch(digestLength);
        filled = 0;
      }
    }
  }
  if (filled > 0) {
    yield { blocks: batch.blocks.subarray(0, filled), digests: batch.digests.subarray(0, filled * digestLength) };
  }
}

function emptyBatch(digestLength: number): HashVectorRows {
  return { blocks: new Uint32Array(ROWS_PER_BATCH), digests: new Uint8Array(ROWS_PER_BATCH * digestLength) };
}
