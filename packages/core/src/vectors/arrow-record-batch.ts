import type { RowsLocation } from '../contracts/hash-vector.js';
import type { ArrowBlock, ArrowFooter } from './arrow-footer.js';
import { FlatbufferTable } from './flatbuffer-table.js';

// Numbers of fields and enumerations are from Arrow's format/Message.fbs.
const HEADER_RECORD_BATCH = 3;
/** The size in bytes of the structs FieldNode and Buffer. */
const STRUCT_SIZE = 16;
const CONTINUATION = 0xffffffff;

/**
 * Parses the metadata of one record batch, which may be hostile. Both columns are checked to be within the batch's
 * body.
 *
 * @param bytes the first `metadataLength` bytes of the batch
 * @throws a built-in error if this is not the metadata of an uncompressed batch of two plain columns without nulls.
 */
export function parseRecordBatch(
  bytes: Uint8Array,
  block: ArrowBlock,
  columns: Pick<ArrowFooter, 'digestLength' | 'blockColumn'>,
): RowsLocation {
  const message = FlatbufferTable.rootOf(messageIn(bytes));
  if (message.uint8(1, 0) !== HEADER_RECORD_BATCH) {
    throw new Error('expected a record batch, found another message');
  }
  if (message.size(3) !== block.bodyLength) {
    throw new Error(`expected a body of ${block.bodyLength} bytes, found ${message.size(3)}`);
  }
  const batch = message.table(2);
  if (batch.has(3)) {
    throw new Error('expected uncompressed data, found a compressed record batch');
  }
  if (batch.lengthOf(1, STRUCT_SIZE) !== 2 || batch.lengthOf(2, STRUCT_SIZE) !== 4) {
    throw new Error('expected a record batch of two plain columns, found another layout');
  }
  const rows = batch.size(0);
  const { blockColumn, digestLength } = columns;
  const body = block.offset + block.metadataLength;
  return {
    rows,
    blocksOffset: body + columnOffset(batch, blockColumn, rows, 4, block.bodyLength),
    digestsOffset: body + columnOffset(batch, 1 - blockColumn, rows, digestLength, block.bodyLength),
  };
}

/**
 * Returns the FlatBuffer in a message. The message begins with a continuation marker and the FlatBuffer's length;
 * before Arrow 0.15, only with the length.
 */
function messageIn(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = view.getUint32(0, true) === CONTINUATION ? 8 : 4;
  const length = view.getUint32(start - 4, true);
  if (start + length > bytes.length) {
    throw new Error(`expected a message of at most ${bytes.length - start} bytes, found ${length}`);
  }
  return bytes.subarray(start, start + length);
}

/** Returns the offset of a column's values in the body. The column must have `rows` values of `width` bytes each. */
function columnOffset(batch: FlatbufferTable, column: number, rows: number, width: number, bodyLength: number): number {
  const length = batch.structSize(1, STRUCT_SIZE, column, 0);
  const nulls = batch.structSize(1, STRUCT_SIZE, column, 8);
  if (length !== rows || nulls !== 0) {
    throw new Error(`expected ${rows} rows without nulls, found ${length} with ${nulls} nulls`);
  }
  // Each column has two buffers: the validity bitmap, which is irrelevant without nulls, and the values.
  const values = 2 * column + 1;
  const offset = batch.structSize(2, STRUCT_SIZE, values, 0);
  const bytes = batch.structSize(2, STRUCT_SIZE, values, 8);
  if (offset + bytes > bodyLength || rows * width > bytes) {
    throw new Error(`expected ${rows * width} bytes in a body of ${bodyLength}, found ${bytes} at offset ${offset}`);
  }
  return offset;
}
