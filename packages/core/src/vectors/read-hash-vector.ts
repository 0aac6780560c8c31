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
/** Magic, two bytes of padding, length of the footer, magic: no file is shorter. */
const SHORTEST_FILE = 18;
/** Twice what the blocks of a vector of 2³² rows in batches of 8,192 take; a bound on what a hostile file allocates. */
const LONGEST_FOOTER = 32 * 1024 * 1024;
/** A record batch of two columns needs some 250 bytes; other makers may add metadata of their own. */
const LONGEST_MESSAGE = 1024 * 1024;

export interface OpenHashVectorOptions {
  /** Also ends the reading of rows. */
  readonly signal?: AbortSignal | undefined;
  /** Whether a symbolic link is `refused`. */
  readonly noFollow?: boolean | undefined;
}

/** The bytes of a hash-vector file, readable in any order. */
export interface VectorBytes {
  readonly path: string;
  readonly identity: FileIdentity;
  /**
   * `length` bytes from `position` on, which do not change any more.
   *
   * @throws a plain error past the end.
   */
  read(length: number, position: number): Uint8Array | Promise<Uint8Array>;
}

/** A hash vector in a file, with where its rows stand. */
interface HashVectorFile {
  readonly header: HashVectorHeader;
  readonly storage: FileStorage;
  readonly signal: AbortSignal | undefined;
}

/**
 * Opens a hash-vector file, of ours or another maker: reads its footer and the places of its rows, and no rows.
 *
 * The file may be hostile: everything is checked against the file's size before it is used. `rows()` opens the file
 * anew, reads at most 8,192 rows at a time, and closes it when the consumer stops.
 *
 * Throws, and so does `rows()`: `corrupt` if the content is not that of a hash vector, `refused` if it is no regular
 * file, `unreadable`, `unavailable`, `aborted`; `rows()` also `changed`, at the end at the latest, if the file does not stay
 * the one that was opened.
 * A digest that was altered goes unnoticed, because the format has no checksum; the cache has one of its own.
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
 * The hash vector of a file whose bytes can be had.
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

/** The vector whose rows are there. `rows()` throws as that of `openHashVector`. */
export function hashVectorAt({ header, storage }: LocatedVector): HashVector {
  if (storage.kind === 'memory') {
    return hashVectorOf(header, storage.blocks, storage.digests);
  }
  return { ...header, storage, rows: () => readRows({ header, storage, signal: undefined }) };
}

/**
 * Reads the block numbers, and no digests, of a vector that was opened from these bytes.
 *
 * @throws `corrupt` where they do not ascend.
 */
export async function requireRowOrder(bytes: VectorBytes, vector: HashVector): Promise<void> {
  let previous = -1;
  const locations = vector.storage?.kind === 'file' ? vector.storage.batches : [];
  for (const { start, count, location } of piecesOf(locations)) {
    // A copy, as numbers must stand at multiples of four bytes.
    const blocks = new Uint32Array((await bytes.read(count * 4, location.blocksOffset + start * 4)).slice().buffer);
    const problem = problemOfBlocks(blocks, previous, blockCountOf(vector));
    if (problem !== undefined) {
      throw readingError(new Error(problem), bytes.path);
    }
    previous = blocks.at(-1) ?? previous;
  }
}

/** Reads of an open file. */
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
    throw new Error('expected ARROW1 at both ends, found something else');
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
    for (const { start, count, location } of piecesOf(file.storage.batches)) {
      throwIfAborted(file.signal);
      const blocks = new Uint32Array(count);
      const digests = new Uint8Array(count * digestLength);
      const reads = [
        readExactly(descriptor, new Uint8Array(blocks.buffer), location.blocksOffset + start * 4),
        readExactly(descriptor, digests, location.digestsOffset + start * digestLength),
      ];
      // Both, also where one fails: after that the descriptor is closed.
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

/** The rows of all batches in pieces of 1 to 8,192: another maker's batch may be larger than memory. */
function* piecesOf(locations: readonly RowsLocation[]) {
  for (const location of locations) {
    for (let start = 0; start < location.rows; start += ROWS_PER_BATCH) {
      yield { location, start, count: Math.min(ROWS_PER_BATCH, location.rows - start) };
    }
  }
}
