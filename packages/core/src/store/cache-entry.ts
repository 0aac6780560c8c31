import { createHash, webcrypto } from 'node:crypto';
import { basename, join } from 'node:path';
import type { HashVector } from '../contracts/hash-vector.js';
import { throwIfAborted, VirtSimilarityError } from '../errors.js';
import { fileError } from '../files/file-error.js';
import { isLocalDirectory } from '../files/local-file-system.js';
import {
  closeRegularFile,
  type LocatedFile,
  openRegularFile,
  openRegularFileSync,
  readExactly,
  readExactlySync,
} from '../files/regular-file.js';
import { hashVectorIn, readsOf, requireRowOrder, type VectorBytes } from '../vectors/read-hash-vector.js';
import { fileIdentityOf } from '../vectors/vector-file-identity.js';
import type { PlaceInDirectory } from './cache-directory.js';
import type { SpareBuffers } from './spare-buffers.js';
import { vectorKeyOf } from './vector-key.js';

const ENTRY_NAME = /^(?<key>[0-9a-f]{32})\.(?<digest>[0-9a-f]{64})(?:\.[0-9a-f]{8})?\.arrow$/;

/**
 * The size in bytes of the largest entry that is verified in memory: more than 400,000 rows of SHA-256. Larger entries
 * are verified in chunks, because several entries are verified at the same time.
 */
const LARGEST_AT_ONCE = 16 * 1024 * 1024;

/**
 * Returns the file name of an entry. It contains the entry's key, and the SHA-256 of the entry's bytes for
 * verification.
 *
 * @param version eight hexadecimal digits that distinguish the file from a damaged file with the same key and digest
 */
export function entryNameOf(key: string, digest: string, version?: string): string {
  return [key, digest, ...(version === undefined ? [] : [version]), 'arrow'].join('.');
}

/** Returns whether a file name is that of an entry; if a key is given, of an entry with this key. */
export function isEntryName(name: string, key = ''): boolean {
  return ENTRY_NAME.test(name) && name.startsWith(key);
}

/** Returns the key in the file name of an entry; `undefined` for other files. */
export function keyOfEntryName(name: string): string | undefined {
  return ENTRY_NAME.exec(name)?.groups?.key;
}

/**
 * Opens an entry without verifying its digest.
 *
 * @throws as `openHashVector`, and `corrupt` if the key of the vector is not the key in the file name.
 */
export async function openEntry(entry: PlaceInDirectory): Promise<HashVector> {
  const { path, ...file } = await openEntryFile(entry);
  try {
    return checkKey(path, await hashVectorIn({ path, identity: fileIdentityOf(file.stats), read: readsOf(file) }));
  } finally {
    await closeRegularFile(file);
  }
}

/**
 * Opens an entry after verifying its digest and the order of its rows. Nothing is parsed before the digest is verified.
 *
 * @throws as `openEntry`, `corrupt` also if the digest or the order of the rows is wrong, and `aborted`.
 */
export async function openProvenEntry(
  entry: PlaceInDirectory,
  buffers: SpareBuffers,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<HashVector> {
  throwIfAborted(signal);
  const { path, ...file } = await openEntryFile(entry);
  const { descriptor, stats, isLocal } = file;
  try {
    const identity = fileIdentityOf(stats);
    if (stats.size > LARGEST_AT_ONCE) {
      requireDigest(path, await digestInChunks(descriptor, Number(stats.size), signal));
      return await soundVectorIn({ path, identity, read: readsOf(file) });
    }
    return await buffers.lend(Number(stats.size), async (bytes) => {
      if (isLocal) {
        readExactlySync(descriptor, bytes, 0);
      } else {
        await readExactly(descriptor, bytes, 0);
      }
      // Computed outside of the main thread.
      requireDigest(path, Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex'));
      const read = (length: number, position: number) => {
        if (position + length > bytes.length) {
          throw new Error(`expected ${length} bytes from ${position} on, found the end at ${bytes.length}`);
        }
        return bytes.subarray(position, position + length);
      };
      return soundVectorIn({ path, identity, read });
    });
  } catch (thrown) {
    throw fileError(thrown, `cannot read ${path}`, path);
  } finally {
    await closeRegularFile(file);
  }
}

/**
 * Opens the file of an entry. The caller closes it. Blocking calls are allowed on a local file system, because a cache
 * is private, so nobody else can replace an entry with a file that blocks.
 *
 * @throws as `openRegularFile`.
 */
async function openEntryFile({ directory, name }: PlaceInDirectory): Promise<LocatedFile & { readonly path: string }> {
  const path = join(directory.path, name);
  const options = { noFollow: true, place: directory.pathOf(name) };
  const isLocal = await isLocalDirectory(directory.path);
  const file = isLocal ? { ...openRegularFileSync(path, options), isLocal } : await openRegularFile(path, options);
  return { path, ...file };
}

/** Returns whether an entry exists and is valid; false also if it cannot be read. */
export async function isSoundEntry(entry: PlaceInDirectory, buffers: SpareBuffers): Promise<boolean> {
  try {
    await openProvenEntry(entry, buffers);
    return true;
  } catch {
    return false;
  }
}

function keyAndDigestOf(path: string): { key: string; digest: string } {
  const groups = ENTRY_NAME.exec(basename(path))?.groups;
  return { key: groups?.key ?? '', digest: groups?.digest ?? '' };
}

function requireDigest(path: string, found: string): void {
  if (found === keyAndDigestOf(path).digest) {
    return;
  }
  throw new VirtSimilarityError('corrupt', `cannot use ${path}: its SHA-256 is not the one in its name`);
}

function checkKey(path: string, vector: HashVector): HashVector {
  const { identity } = vector;
  if (identity !== undefined && vectorKeyOf({ ...vector, identity }) === keyAndDigestOf(path).key) {
    return vector;
  }
  throw new VirtSimilarityError('corrupt', `cannot use ${path}: the key in its name is that of another hash vector`);
}

/**
 * Opens the vector in an entry whose digest was verified. Its content may still be malicious.
 *
 * @throws `corrupt` if the content is not a hash vector, the key is not the key in the file name, or block numbers do
 *   not ascend.
 */
async function soundVectorIn(bytes: VectorBytes): Promise<HashVector> {
  const vector = checkKey(bytes.path, await hashVectorIn(bytes));
  await requireRowOrder(bytes, vector);
  return vector;
}

async function digestInChunks(descriptor: number, length: number, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  const memory = new Uint8Array(1024 * 1024);
  for (let done = 0; done < length; done += memory.length) {
    throwIfAborted(signal);
    const chunk = memory.subarray(0, length - done);
    await readExactly(descriptor, chunk, done);
    hash.update(chunk);
  }
  return hash.digest('hex');
}
