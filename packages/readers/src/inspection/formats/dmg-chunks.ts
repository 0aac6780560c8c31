import type { FileBytes } from '../format-inspector.js';
import { corrupt } from '../header-error.js';
import { readExactly, requireWithin } from './header-fields.js';

/**
 * The most bytes that a property list or resource fork with chunk tables is allowed to have: qemu does not read longer
 * property lists.
 */
const MAX_TABLES_BYTES = 16n * 1024n * 1024n;

const TABLE_HEADER_BYTES = 204;
const CHUNK_BYTES = 40;
/**
 * Length of the part of a resource fork's header that is used: at byte 0 the position of the resources, at byte 8 their
 * length in bytes.
 */
const FORK_HEADER_BYTES = 12;
/** Bytes of the field before each resource that states the resource's length. */
const LENGTH_BYTES = 4;
const SECTOR_BYTES = 512n;
const RAW = 1;
/** The kinds of chunks that qemu reads from the file: raw, deflate, bzip2, LZFSE. */
const STORED_KINDS = [RAW, 0x8000_0005, 0x8000_0006, 0x8000_0007];

const DATA_START = '<data>';
const DATA_END = '</data>';
const BASE64 = /^[\d+/A-Za-z]*={0,2}$/;

/**
 * Requires that all chunks of an Apple disk image are within the file: qemu reads zeros for the missing part of a raw
 * chunk. Finds the chunk tables as qemu does, in the resource fork or else in the property list.
 *
 * @param trailer the last 512 bytes of the file
 * @throws `HeaderError` if a chunk extends past the end of the file, if a raw chunk has fewer bytes than its sectors,
 * or if the chunk tables are too long, truncated or not Base64.
 */
export async function requireChunks(bytes: FileBytes, trailer: Buffer): Promise<void> {
  const forkLength = trailer.readBigUInt64BE(0x30);
  const tables =
    forkLength === 0n
      ? tablesOfList(
          await readPart(bytes, trailer.readBigUInt64BE(0xd8), trailer.readBigUInt64BE(0xe0), 'property list'),
        )
      : tablesOfFork(await readPart(bytes, trailer.readBigUInt64BE(0x28), forkLength, 'resource fork'));
  for (const table of tables) {
    requireChunksOf(table, bytes, trailer.readBigUInt64BE(0x18));
  }
}

async function readPart(bytes: FileBytes, position: bigint, length: bigint, what: string): Promise<Buffer> {
  if (length > MAX_TABLES_BYTES) {
    throw corrupt(`its ${what} has ${length} bytes; expected at most ${MAX_TABLES_BYTES}`);
  }
  requireWithin(bytes, position, length, what);
  return readExactly(bytes, Number(position), Number(length), what);
}

/**
 * Yields the decoded data between `<data>` and `</data>`. qemu ignores the rest of the list, and everything after a
 * NUL.
 */
function* tablesOfList(list: Buffer): Generator<Buffer, void> {
  const text = list.toString('latin1').split('\0', 1)[0]!;
  for (let mark = text.indexOf(DATA_START); mark >= 0; ) {
    const start = mark + DATA_START.length;
    const end = text.indexOf(DATA_END, start);
    const encoded = text.slice(start, end).replace(/[\t\n\r ]/g, '');
    // qemu might decode invalid Base64 into a different table.
    if (end < 0 || encoded.length % 4 !== 0 || !BASE64.test(encoded)) {
      throw corrupt('its property list has data that is not Base64');
    }
    yield Buffer.from(encoded, 'base64');
    mark = text.indexOf(DATA_START, end);
  }
}

/** Yields the resources of a fork, which are stored consecutively, each after its length. */
function* tablesOfFork(fork: Buffer): Generator<Buffer, void> {
  const start = fork.length < FORK_HEADER_BYTES ? 0 : fork.readUInt32BE(0);
  const end = fork.length < FORK_HEADER_BYTES ? FORK_HEADER_BYTES : start + fork.readUInt32BE(8);
  let next = end > fork.length ? Infinity : start;
  while (next + LENGTH_BYTES <= end) {
    const resource = next + LENGTH_BYTES;
    next = resource + fork.readUInt32BE(next);
    yield fork.subarray(resource, next);
  }
  if (next !== end) {
    throw corrupt('its resource fork is truncated');
  }
}

function requireChunksOf(table: Buffer, bytes: FileBytes, dataFork: bigint): void {
  if (table.toString('latin1', 0, 4) !== 'mish') {
    return;
  }
  for (let at = TABLE_HEADER_BYTES; at + CHUNK_BYTES <= table.length; at += CHUNK_BYTES) {
    const kind = table.readUInt32BE(at);
    if (!STORED_KINDS.includes(kind)) {
      continue;
    }
    const position = dataFork + table.readBigUInt64BE(24) + table.readBigUInt64BE(at + 24);
    const length = table.readBigUInt64BE(at + 32);
    requireWithin(bytes, position, length, 'chunk');
    const sectors = table.readBigUInt64BE(at + 16);
    // qemu would leave the bytes of an earlier chunk in place of the missing bytes.
    if (kind === RAW && length < sectors * SECTOR_BYTES) {
      throw corrupt(`a chunk of ${sectors} sectors has only ${length} bytes`);
    }
  }
}
