import { FlatbufferTable } from './flatbuffer-table.js';
import { METADATA_KEYS } from './hash-vector-metadata.js';

// Numbers of fields and enumerations are from Arrow's format/Schema.fbs, Message.fbs and File.fbs.
const VERSION_4 = 3;
const VERSION_5 = 4;
const LITTLE_ENDIAN = 0;
const TYPE_INT = 2;
const TYPE_FIXED_SIZE_BINARY = 15;
/** The size in bytes of struct Block in File.fbs. */
const BLOCK_SIZE = 24;

/** The most metadata pairs, to limit the work that a hostile file causes; more than any data-frame library adds. */
const MOST_METADATA = 1024;
/** The most bytes of a column name or metadata key. */
const LONGEST_NAME = 4096;
/** The most bytes of a metadata value: more than enough for the paths of 64 files. */
const LONGEST_VALUE = 4 * 1024 * 1024;
const KEYS: ReadonlySet<string> = new Set(Object.values(METADATA_KEYS));

/** The location of a record batch in its file; all in bytes. */
export interface ArrowBlock {
  readonly offset: number;
  readonly metadataLength: number;
  readonly bodyLength: number;
}

/** The footer of a hash-vector file. */
export interface ArrowFooter {
  /** Bytes of a digest. */
  readonly digestLength: number;
  /** The index of the column `block`; the other column is `hash`. */
  readonly blockColumn: 0 | 1;
  /** The pairs of the schema's metadata whose keys are in `METADATA_KEYS`. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The record batches, in ascending order, without overlap, before the footer. */
  readonly batches: readonly ArrowBlock[];
}

/**
 * Parses the footer of an Arrow IPC file, which may be hostile.
 *
 * @param bytes the footer, without the length after it
 * @param footerStart the offset of the footer in its file, at which the space for batches ends
 * @throws a built-in error if the bytes are not the footer of a hash-vector file.
 */
export function parseArrowFooter(bytes: Uint8Array, footerStart: number): ArrowFooter {
  const footer = FlatbufferTable.rootOf(bytes);
  const version = footer.int16(0, 0);
  if (version !== VERSION_4 && version !== VERSION_5) {
    throw new Error(`expected Arrow metadata version 4 or 5, found ${version + 1}`);
  }
  if (footer.lengthOf(2, BLOCK_SIZE) > 0) {
    throw new Error('expected no dictionaries, found at least one');
  }
  const schema = footer.table(1);
  if (schema.int16(0, LITTLE_ENDIAN) !== LITTLE_ENDIAN) {
    throw new Error('expected little-endian data, found big-endian');
  }
  return { ...columnsOf(schema), metadata: metadataOf(schema), batches: batchesOf(footer, footerStart) };
}

function columnsOf(schema: FlatbufferTable): Pick<ArrowFooter, 'digestLength' | 'blockColumn'> {
  const columns = schema.lengthOf(1, 4);
  if (columns !== 2) {
    throw new Error(`expected two columns, block and hash, found ${columns}`);
  }
  const first = schema.tableAt(1, 0);
  const second = schema.tableAt(1, 1);
  const names = [first.string(0, LONGEST_NAME), second.string(0, LONGEST_NAME)];
  const blockColumn = names[0] === 'block' ? 0 : 1;
  if (names[blockColumn] !== 'block' || names[1 - blockColumn] !== 'hash') {
    throw new Error(`expected columns named block and hash, found ${JSON.stringify(names).slice(0, 100)}`);
  }
  const [block, hash] = blockColumn === 0 ? [first, second] : [second, first];
  if (block.has(4) || hash.has(4)) {
    throw new Error('expected plain columns, found a dictionary-encoded one');
  }
  if (block.uint8(2, 0) !== TYPE_INT || block.table(3).int32(0, 0) !== 32 || block.table(3).uint8(1, 0) !== 0) {
    throw new Error('expected column block to be uint32, found another type');
  }
  if (hash.uint8(2, 0) !== TYPE_FIXED_SIZE_BINARY) {
    throw new Error('expected column hash to be fixed_size_binary, found another type');
  }
  return { digestLength: hash.table(3).int32(0, 0), blockColumn };
}

function metadataOf(schema: FlatbufferTable): Map<string, string> {
  const metadata = new Map<string, string>();
  const count = schema.lengthOf(2, 4);
  if (count > MOST_METADATA) {
    throw new Error(`expected at most ${MOST_METADATA} pairs of metadata, found ${count}`);
  }
  for (let index = 0; index < count; index += 1) {
    const pair = schema.tableAt(2, index);
    const key = pair.string(0, LONGEST_NAME);
    if (!KEYS.has(key)) {
      continue;
    }
    if (metadata.has(key)) {
      throw new Error(`expected ${key} once, found it twice`);
    }
    metadata.set(key, pair.string(1, LONGEST_VALUE));
  }
  return metadata;
}

function batchesOf(footer: FlatbufferTable, footerStart: number): ArrowBlock[] {
  const batches: ArrowBlock[] = [];
  const count = footer.lengthOf(3, BLOCK_SIZE);
  let previousEnd = 0;
  for (let index = 0; index < count; index += 1) {
    const offset = footer.structSize(3, BLOCK_SIZE, index, 0);
    const metadataLength = footer.structInt32(3, BLOCK_SIZE, index, 8);
    const bodyLength = footer.structSize(3, BLOCK_SIZE, index, 16);
    const end = offset + metadataLength + bodyLength;
    if (offset < previousEnd || metadataLength < 8 || end > footerStart) {
      const expected = `expected record batch ${index} between bytes ${previousEnd} and ${footerStart}`;
      throw new Error(`${expected}, found ${offset} to ${end}`);
    }
    batches.push({ offset, metadataLength, bodyLength });
    previousEnd = end;
  }
  return batches;
}
