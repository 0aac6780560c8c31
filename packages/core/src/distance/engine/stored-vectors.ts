import { basename, dirname } from 'node:path';
import type { HashVector, HashVectorStorage, LocatedVector, MemoryStorage } from '../../contracts/hash-vector.js';
import { throwIfAborted, VirtSimilarityError } from '../../errors.js';
import { isLocalDirectory, isOnLocalFileSystem } from '../../files/local-file-system.js';
import { closeDescriptor, closeRegularFile } from '../../files/regular-file.js';
import { isEntryName } from '../../store/cache-entry.js';
import { blockCountOf } from '../../vectors/check-header.js';
import { openUnchanged, openUnchangedSync, requireUnchanged } from '../../vectors/unchanged-file.js';
import { FileRows, MemoryRows, type RowSource } from './row-source.js';
import { sharedBytes, sharedCounts } from './shared-memory.js';

/** Descriptors left to others where the system has run out of them. */
const SPARE_DESCRIPTORS = 64;

/** A hash vector's rows, fit to be posted to a worker thread: everything large is in a file or in shared memory. */
export interface StoredVector {
  readonly name: string;
  readonly digestLength: number;
  /** Rows. */
  readonly dataBlocks: number;
  /** Blocks of the disk; block numbers are below. */
  readonly blocks: number;
  readonly storage: HashVectorStorage;
  /** Of the file, open in this process; absent where too many are, or where it is remote. */
  readonly descriptor?: number;
  /** Whether the file is on a file system that may never answer: then the main thread neither opens nor reads it. */
  readonly isRemote: boolean;
}

/** The reader of a stored vector's rows. */
export function rowSourceOf({ name, digestLength, storage, descriptor }: StoredVector): RowSource {
  if (storage.kind === 'memory') {
    return new MemoryRows(storage, digestLength, name);
  }
  return new FileRows(storage, digestLength, descriptor);
}

/** Rows of all vectors. */
export function rowsOf(vectors: readonly StoredVector[]): number {
  return vectors.reduce((sum, { dataBlocks }) => sum + dataBlocks, 0);
}

/**
 * Calls with vectors whose files are open meanwhile. What does not say where its rows stand is read into memory.
 *
 * @param openFiles how many files are kept open at most, so that they need not be opened again for every slice
 * @throws what reading and the call throw, `aborted`, `changed` where a file does not stay what it was, and `usage`
 *   where a vector has 2³² rows.
 */
export async function withStoredVectors<Result>(
  vectors: readonly HashVector[],
  { signal, openFiles }: { readonly signal: AbortSignal | undefined; readonly openFiles: number },
  call: (stored: readonly StoredVector[]) => Promise<Result>,
): Promise<Result> {
  const stored = withDescriptors(await locate(vectors, signal), openFiles);
  try {
    const result = await call(stored);
    await refuseChanged(stored);
    return result;
  } catch (thrown) {
    // What looks like damage may be that someone is writing to the file.
    if (thrown instanceof VirtSimilarityError && thrown.code === 'corrupt') {
      await refuseChanged(stored);
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

/** The cache is one directory with many files. */
function isLocalFile(path: string): Promise<boolean> {
  return isEntryName(basename(path)) ? isLocalDirectory(dirname(path)) : isOnLocalFileSystem(path).catch(() => false);
}

async function refuseChanged(vectors: readonly StoredVector[]): Promise<void> {
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
  let room = openFiles;
  try {
    for (const vector of vectors) {
      if (vector.storage.kind === 'memory' || vector.isRemote || room === 0) {
        opened.push(vector);
        continue;
      }
      const descriptor = openIfPossible(vector.storage);
      if (descriptor === undefined) {
        room = 0;
        giveBack(opened);
        opened.push(vector);
      } else {
        room--;
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

/** Closes the files opened last: threads need a descriptor each for those that are not kept open. */
function giveBack(opened: StoredVector[]): void {
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
 * The vector as plain data. What does not say where its rows are is read into memory.
 *
 * @throws what reading the rows throws, `corrupt` where there are more or fewer than the vector says, and `aborted`.
 */
export async function locatedVector(vector: HashVector, signal: AbortSignal | undefined): Promise<LocatedVector> {
  const { storage = await readAll(vector, signal), rows: _, ...header } = vector;
  return { header, storage };
}

async function readAll(vector: HashVector, signal: AbortSignal | undefined): Promise<MemoryStorage> {
  const blocks = sharedCounts(vector.dataBlocks);
  const digests = sharedBytes(vector.dataBlocks * vector.digestLength);
  let row = 0;
  for await (const rows of vector.rows()) {
    throwIfAborted(signal);
    if (row + rows.blocks.length > vector.dataBlocks) {
      throw wrongRows(vector, `${row + rows.blocks.length} or more`);
    }
    const expected = rows.blocks.length * vector.digestLength;
    if (rows.digests.length !== expected) {
      const found = `${rows.digests.length} bytes of digests for ${rows.blocks.length} rows`;
      const problem = `cannot compare ${vector.name}: expected ${expected}, found ${found}`;
      throw new VirtSimilarityError('corrupt', problem, { image: vector.name });
    }
    blocks.set(rows.blocks, row);
    digests.set(rows.digests, row * vector.digestLength);
    row += rows.blocks.length;
  }
  if (row !== vector.dataBlocks) {
    throw wrongRows(vector, String(row));
  }
  return { kind: 'memory', blocks, digests };
}

function wrongRows({ name, dataBlocks }: HashVector, found: string): VirtSimilarityError {
  return new VirtSimilarityError('corrupt', `cannot compare ${name}: expected ${dataBlocks} rows, found ${found}`, {
    image: name,
  });
}

function tooManyRows({ name }: HashVector): VirtSimilarityError {
  const message = `cannot compare ${name}: expected fewer than 2^32 data blocks; choose larger blocks`;
  return new VirtSimilarityError('usage', message, { image: name });
}
