import type {
  FileIdentity,
  FileStorage,
  HashVector,
  HashVectorHeader,
  HashVectorRows,
  LocatedVector,
  RowsLocation,
} from '../contracts/hash-vector.js';
import { throwIfAborted } from '../errors.js';
import {
  closeRegularFile,
  type LocatedFile,
  openRegularFile,
  readExactly,
  readExactlySync,
  statusOf,
} from '../files/regular-file.js';
import { parseArrowFooter } from './arrow-footer.js';
import { parseRecordBatch } from './arrow-record-batch.js';
import { blockCountOf, problemOfBlocks, problemOfHeader } from './check-header.js';
import { headerFromMetadata } from './hash-vector-metadata.js';
import { hashVectorOf } from './memory-hash-vector.js';
import { readingError } from './reading-error.js';
import { ROWS_PER_BATCH } from './rows-per-batch.js';
import { openUnchanged, requireSame } from './unchanged-file.js';
import { fileIdentityOf } from './vector-file-identity.js';

const MAGIC = Buffer.from('ARROW1');
/** The size of the shortest file in bytes: magic, two bytes of padding, length of the footer, magic. */
const SHORTEST_FILE = 18;
/** The longest footer in bytes, to limit allocations: more than twice the length for 2³² rows in batches of 8,192. */
const LONGEST_FOOTER = 32 * 1024 * 1024;
/** The longest message in bytes. A record batch of two columns needs about 250; other programs may add metadata. */
const LONGEST_MESSAGE = 1024 * 1024;

export interface OpenHashVectorOptions {
  /** Also stops the reading of rows. */
  readonly signal?: AbortSignal | undefined;
  /** Whether to refuse a symbolic link. */
  readonly noFollow?: boolean | undefined;
}

/** The bytes of a hash-vector file, readable in any order. */
export interface VectorBytes {
  readonly path: string;
  readonly identity: FileIdentity;
  /**
   * Returns `length` bytes from `position` on. The returned bytes must not change.
   *
   * @throws a plain `Error` past the end, and whatever the system throws.
   */
  read(length: number, position: number): Uint8Array | Promise<Uint8Array>;
}

/** A hash vector in a file, with the locations of its rows. */
interface HashVectorFile {
  readonly header: HashVectorHeader;
  readonly storage: FileStorage;
  readonly signal: AbortSignal | undefined;
}

/**
 * Opens a hash-vector file, from this or another program. Reads its footer and the locations of its rows, but no rows.
 *
 * The file may be hostile: lengths and offsets are checked before they are used. `rows()` opens the file again, reads
 * at most 8,192 rows at a time, and closes the file when the consumer stops.
 *
 * An altered digest is not detected, because the format has no checksum. The names of cache entries contain a checksum.
 *
 * @throws (also from `rows()`) `corrupt` if the content is not a hash vector, `refused` if the path is not that of a
 *   regular file, `unavailable` if a system resource is exhausted, `unreadable` for any other system error, and
 *   `aborted`. With `noFollow`, also `refused` if the path is that of a symbolic link. `rows()` also throws `changed`
 *   if the file was replaced or removed before `rows()` opened it, or was changed before the last row was yielded; at
 *   the latest after the last row.
 */
export async function openHashVector(path: string, options: OpenHashVectorOptions = {}): Promise<HashVector> {
  throwIfAborted(options.signal);
  const file = await openRegularFile(path, { noFollow: options.noFollow });
  try {
    return await hashVectorIn({ path, identity: fileIdentityOf(file.stats), read: readsOf(file) }, options);
  } finally {
    await closeRegularFile(file);
  }
}

/**
 * Opens a hash vector whose bytes are already accessible. `rows()` nevertheless opens the file at the path.
 *
 * @throws as `openHashVector`.
 */
export async function hashVectorIn(bytes: VectorBytes, { signal }: OpenHashVectorOptions = {}): Promise<HashVector> {
  try {
    const file = { ...(await layoutOf(bytes, signal)), signal };
    return { ...file.header, storage: file.storage, rows: () => readRows(file) };
  } catch (thrown) {
    throw readingError(thrown, bytes.path);
  }
}

/**
 * Returns the hash vector with this header and storage. Does not open the file. Its `rows()` throws as that of
 * `openHashVector`.
 *
 * @throws as `hashVectorOf` if the rows are in memory.
 */
export function hashVectorAt({ header, storage }: LocatedVector): HashVector {
  if (storage.kind === 'memory') {
    return hashVectorOf(header, storage.blocks, storage.digests);
  }
  return { ...header, storage, rows: () => readRows({ header, storage, signal: undefined }) };
}

/**
 * Checks the block numbers of a vector that was opened from these bytes. Does not read digests.
 *
 * @throws `corrupt` if the block numbers do not ascend or exceed the disk, and what reading the bytes throws.
 */
export async function requireRowOrder(bytes: VectorBytes, vector: HashVector): Promise<void> {
  let previous = -1;
  const locations = vector.storage?.kind === 'file' ? vector.storage.batches : [];
  for (const { start, count, location } of chunksOf(locations)) {
    // Copied, because 32-bit numbers must be aligned to 4 bytes.
    const blocks = new Uint32Array((await bytes.read(count * 4, location.blocksOffset + start * 4)).slice().buffer);
    const problem = problemOfBlocks(blocks, previous, blockCountOf(vector));
    if (problem !== undefined) {
      throw readingError(new Error(problem), bytes.path);
    }
    previous = blocks.at(-1) ?? previous;
  }
}

/** Returns a function that reads from an open file. */
export function readsOf({ descriptor, isLocal }: LocatedFile): VectorBytes['read'] {
  const fill = isLocal ? readExactlySync : readExactly;
  return async (length, position) => {
    const bytes = new Uint8Array(length);
    await fill(descriptor, bytes, position);
    return bytes;
  };
}

async function layoutOf(bytes: VectorBytes, signal: AbortSignal | undefined): Promise<Omit<HashVectorFile, 'signal'>> {
  const { path, identity } = bytes;
  const footer = await footerOf(bytes);
  const described = { ...headerFromMetadata(footer.metadata, path), digestLength: footer.digestLength };
  const locations: RowsLocation[] = [];
  let dataBlocks = 0;
  for (const batch of footer.batches) {
    throwIfAborted(signal);
    if (batch.metadataLength > LONGEST_MESSAGE) {
      throw new Error(`expected a message of at most ${LONGEST_MESSAGE} bytes, found ${batch.metadataLength}`);
    }
    const location = parseRecordBatch(await bytes.read(batch.metadataLength, batch.offset), batch, footer);
    locations.push(location);
    dataBlocks += location.rows;
  }
  const header: HashVectorHeader = { ...described, dataBlocks };
  const problem = problemOfHeader(header);
  if (problem !== undefined) {
    throw new Error(problem);
  }
  return { header, storage: { kind: 'file', path, identity, batches: locations } };
}

async function footerOf({ identity, read }: VectorBytes) {
  const size = Number(identity.size);
  if (size < SHORTEST_FILE) {
    throw new Error(`expected at least ${SHORTEST_FILE} bytes, found ${size}`);
  }
  const tail = await read(10, size - 10);
  if (!MAGIC.equals(await read(6, 0)) || !MAGIC.equals(tail.subarray(4))) {
    throw new Error('expected ARROW1 at both ends of the file, found other bytes');
  }
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true);
  const longest = Math.min(size - SHORTEST_FILE, LONGEST_FOOTER);
  if (length > longest) {
    throw new Error(`expected a footer of at most ${longest} bytes, found ${length}`);
  }
  const start = size - 10 - length;
  return parseArrowFooter(await read(length, start), start);
}

async function* readRows(file: HashVectorFile): AsyncGenerator<HashVectorRows, void, undefined> {
  throwIfAborted(file.signal);
  const { digestLength } = file.header;
  const open = await openUnchanged(file.storage);
  const { descriptor } = open;
  try {
    let previous = -1;
    for (const { start, count, location } of chunksOf(file.storage.batches)) {
      throwIfAborted(file.signal);
      const blocks = new Uint32Array(count);
      const digests = new Uint8Array(count * digestLength);
      const reads = [
        readExactly(descriptor, new Uint8Array(blocks.buffer), location.blocksOffset + start * 4),
        readExactly(descriptor, digests, location.digestsOffset + start * digestLength),
      ];
      // Waits for both reads even if one fails, because the descriptor is closed afterwards.
      await Promise.allSettled(reads);
      await Promise.all(reads);
      const problem = problemOfBlocks(blocks, previous, blockCountOf(file.header));
      if (problem !== undefined) {
        throw new Error(problem);
      }
      previous = blocks.at(-1) ?? previous;
      yield { blocks, digests };
    }
    requireSame(await statusOf(open), file.storage);
  } catch (thrown) {
    throw readingError(thrown, file.storage.path);
  } finally {
    await closeRegularFile(open);
  }
}

/**
 * Splits the rows of all batches into chunks of 1 to 8,192 rows, because a batch of another program may be larger than
 * memory.
 */
function* chunksOf(locations: readonly RowsLocation[]) {
  for (const location of locations) {
    for (let start = 0; start < location.rows; start += ROWS_PER_BATCH) {
      yield { location, start, count: Math.min(ROWS_PER_BATCH, location.rows - start) };
    }
  }
}
