import { basename, dirname } from 'node:path';
import type { HashVector, HashVectorStorage, LocatedVector, MemoryStorage } from '../../contracts/hash-vector.js';
import { throwIfAborted, VirtSimilarityError } from '../../errors.js';
import { isLocalDirectory, isOnLocalFileSystem } from '../../files/local-file-system.js';
import { closeDescriptor, closeRegularFile } from '../../files/regular-file.js';
import { isEntryName } from '../../store/cache-entry.js';
import { blockCountOf } from '../../vectors/check-header.js';
import { openUnchanged, openUnchangedSync, requireUnchanged } from '../../vectors/unchanged-file.js';
import { headerOf } from '../../vectors/vector-header.js';
import { FileRows, MemoryRows, type RowSource } from './row-source.js';
import { sharedBytes, sharedCounts } from './shared-memory.js';

/** File descriptors to free for other uses when the process cannot open any more files. */
const SPARE_DESCRIPTORS = 64;

/**
 * A hash vector whose rows are in a file or in memory. The rows of a `HashVector` without `storage` were copied into
 * shared memory.
 */
export interface StoredVector {
  readonly name: string;
  readonly digestLength: number;
  /** The number of rows. */
  readonly dataBlocks: number;
  /** The number of blocks of the disk; block numbers are smaller. */
  readonly blocks: number;
  readonly storage: HashVectorStorage;
  /**
   * The file's descriptor in this process; absent if the rows are in memory, the file is remote, or too many are open.
   */
  readonly descriptor?: number;
  /**
   * Whether the rows are in a file on a file system that may never respond. The main thread makes no blocking calls for
   * such a file.
   */
  readonly isRemote: boolean;
}

/** Returns a reader of a stored vector's rows. */
export function rowSourceOf({ name, digestLength, storage, descriptor }: StoredVector): RowSource {
  if (storage.kind === 'memory') {
    return new MemoryRows(storage, digestLength, name);
  }
  return new FileRows(storage, digestLength, descriptor);
}

/** Returns the total number of rows of the vectors. */
export function rowsOf(vectors: readonly StoredVector[]): number {
  return vectors.reduce((sum, { dataBlocks }) => sum + dataBlocks, 0);
}

/**
 * Runs `call` with located vectors, and keeps up to `openFiles` local files open during the call, so that they need not
 * be reopened for every slice. A vector without `storage` is read into memory.
 *
 * @throws whatever reading the vectors and `call` throw; `aborted` if the signal fires while the vectors are located;
 *   as {@link requireAllUnchanged} after the call; and `usage` if a vector has 2³² or more rows.
 */
export async function withStoredVectors<Result>(
  vectors: readonly HashVector[],
  { signal, openFiles }: { readonly signal: AbortSignal | undefined; readonly openFiles: number },
  call: (stored: readonly StoredVector[]) => Promise<Result>,
): Promise<Result> {
  const stored = withDescriptors(await locate(vectors, signal), openFiles);
  try {
    const result = await call(stored);
    await requireAllUnchanged(stored);
    return result;
  } catch (thrown) {
    // Apparent damage may be a concurrent write to the file.
    if (thrown instanceof VirtSimilarityError && thrown.code === 'corrupt') {
      await requireAllUnchanged(stored);
    }
    throw thrown;
  } finally {
    closeAll(stored);
  }
}

async function locate(vectors: readonly HashVector[], signal: AbortSignal | undefined): Promise<StoredVector[]> {
  const stored: StoredVector[] = [];
  for (const vector of vectors) {
    throwIfAborted(signal);
    const { name, digestLength, dataBlocks } = vector;
    if (dataBlocks >= 2 ** 32) {
      throw tooManyRows(vector);
    }
    const storage = vector.storage ?? (await readAll(vector, signal));
    stored.push({
      name,
      digestLength,
      dataBlocks,
      blocks: blockCountOf(vector),
      storage,
      isRemote: storage.kind === 'file' && !(await isLocalFile(storage.path)),
    });
  }
  return stored;
}

/**
 * Returns whether a file is on a local file system. For a cache entry, checks the directory instead of the file: the
 * result for a directory is remembered, and the directory of a cache has many files.
 */
function isLocalFile(path: string): Promise<boolean> {
  return isEntryName(basename(path)) ? isLocalDirectory(dirname(path)) : isOnLocalFileSystem(path).catch(() => false);
}

/**
 * @throws `changed` if the content of a vector's file was changed since the file was opened. For a file that is not
 *   kept open, also `changed` if the file was replaced or removed, and as `openUnchanged`.
 */
export async function requireAllUnchanged(vectors: readonly StoredVector[]): Promise<void> {
  for (const { storage, descriptor, isRemote } of vectors) {
    if (storage.kind !== 'file') {
      continue;
    }
    if (isRemote) {
      await closeRegularFile(await openUnchanged(storage));
    } else if (descriptor === undefined) {
      closeDescriptor(openUnchangedSync(storage));
    } else {
      requireUnchanged(descriptor, storage);
    }
  }
}

function withDescriptors(vectors: readonly StoredVector[], openFiles: number): StoredVector[] {
  const opened: StoredVector[] = [];
  let remaining = openFiles;
  try {
    for (const vector of vectors) {
      if (vector.storage.kind === 'memory' || vector.isRemote || remaining === 0) {
        opened.push(vector);
        continue;
      }
      const descriptor = openIfPossible(vector.storage);
      if (descriptor === undefined) {
        remaining = 0;
        closeLast(opened);
        opened.push(vector);
      } else {
        remaining--;
        opened.push({ ...vector, descriptor });
      }
    }
    return opened;
  } catch (thrown) {
    closeAll(opened);
    throw thrown;
  }
}

function openIfPossible(storage: HashVectorStorage & { kind: 'file' }): number | undefined {
  try {
    return openUnchangedSync(storage);
  } catch (thrown) {
    if (thrown instanceof VirtSimilarityError && thrown.code === 'unavailable') {
      return undefined;
    }
    throw thrown;
  }
}

/** Closes the files that were opened last, because each thread needs a descriptor for files that are not kept open. */
function closeLast(opened: StoredVector[]): void {
  const last = Math.max(0, opened.length - SPARE_DESCRIPTORS);
  for (let index = last; index < opened.length; index++) {
    const { descriptor, ...vector } = opened[index]!;
    closeDescriptor(descriptor);
    opened[index] = vector;
  }
}

function closeAll(vectors: readonly StoredVector[]): void {
  for (const { descriptor } of vectors) {
    closeDescriptor(descriptor);
  }
}

/**
 * Returns the vector as plain data. A vector without `storage` is read into memory.
 *
 * @throws whatever reading the rows throws; `corrupt` if the number of rows is not the vector's `dataBlocks`, or the
 *   digests have the wrong length; `unavailable` if there is not enough memory; and `aborted`.
 */
export async function locatedVector(vector: HashVector, signal: AbortSignal | undefined): Promise<LocatedVector> {
  return { header: headerOf(vector), storage: vector.storage ?? (await readAll(vector, signal)) };
}

async function readAll(vector: HashVector, signal: AbortSignal | undefined): Promise<MemoryStorage> {
  const blocks = sharedCounts(vector.dataBlocks);
  const digests = sharedBytes(vector.dataBlocks * vector.digestLength);
  let row = 0;
  for await (const rows of vector.rows()) {
    throwIfAborted(signal);
    if (row + rows.blocks.length > vector.dataBlocks) {
      throw wrongRowCount(vector, `${row + rows.blocks.length} or more`);
    }
    const { length: found } = rows.digests;
    const expected = rows.blocks.length * vector.digestLength;
    if (found !== expected) {
      const problem = `expected ${expected} bytes of digests for ${rows.blocks.length} rows, found ${found}`;
      throw new VirtSimilarityError('corrupt', `cannot compare ${vector.name}: ${problem}`, { image: vector.name });
    }
    blocks.set(rows.blocks, row);
    digests.set(rows.digests, row * vector.digestLength);
    row += rows.blocks.length;
  }
  if (row !== vector.dataBlocks) {
    throw wrongRowCount(vector, String(row));
  }
  return { kind: 'memory', blocks, digests };
}

function wrongRowCount({ name, dataBlocks }: HashVector, found: string): VirtSimilarityError {
  return new VirtSimilarityError('corrupt', `cannot compare ${name}: expected ${dataBlocks} rows, found ${found}`, {
    image: name,
  });
}

function tooManyRows({ name, dataBlocks }: HashVector): VirtSimilarityError {
  const problem = `expected fewer than 2^32 data blocks, found ${dataBlocks}`;
  return new VirtSimilarityError('usage', `cannot compare ${name}: ${problem}; choose larger blocks`, { image: name });
}
