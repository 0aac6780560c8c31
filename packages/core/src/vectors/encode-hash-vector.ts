import type { Schema } from 'apache-arrow';
import type { HashVector, HashVectorRows } from '../contracts/hash-vector.js';
import { metadataOf } from './hash-vector-metadata.js';
import { ROWS_PER_BATCH } from './rows-per-batch.js';

/**
 * Yields the bytes of a hash vector's Arrow IPC file: record batches of 8,192 rows, regardless of the batches of
 * `vector.rows()`, so that equal vectors result in equal bytes.
 *
 * Format: https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format
 */
export async function* encodeHashVector(vector: HashVector): AsyncGenerator<Uint8Array, void, undefined> {
  // Loaded here, because it takes a tenth of a second and is not needed for reading.
  const arrow = await import('apache-arrow');
  const { AsyncByteQueue, Field, FixedSizeBinary, makeData, Message, RecordBatch, RecordBatchFileWriter } = arrow;

  /** Releases what was written so far. The queue of apache-arrow itself would grow to the size of the file. */
  class Sink extends AsyncByteQueue {
    #chunks: Uint8Array[] = [];

    override write(chunk: Uint8Array): void {
      this.#chunks.push(chunk);
    }

    take(): Uint8Array[] {
      const taken = this.#chunks;
      this.#chunks = [];
      return taken;
    }
  }

  /** Writes the schema at the beginning too, as the format requires. The writer of apache-arrow itself does not. */
  class FileWriter extends RecordBatchFileWriter {
    protected override _writeSchema(schema: Schema): this {
      super._writeSchema(schema);
      return this._writeMessage(Message.from(schema));
    }
  }

  const block = new arrow.Uint32();
  const hash = new FixedSizeBinary(vector.digestLength);
  const fields = [new Field('block', block, false), new Field('hash', hash, false)];
  const schema = new arrow.Schema(fields, metadataOf(vector));
  const struct = new arrow.Struct(fields);
  const sink = new Sink();
  const writer = new FileWriter();
  writer.reset(sink, schema);
  for await (const { blocks, digests } of rebatch(vector)) {
    const length = blocks.length;
    const children = [
      makeData({ type: block, length, nullCount: 0, data: blocks }),
      makeData({ type: hash, length, nullCount: 0, data: digests }),
    ];
    writer.write(new RecordBatch(schema, makeData({ type: struct, length, nullCount: 0, children })));
    yield* sink.take();
  }
  writer.finish();
  yield* sink.take();
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
