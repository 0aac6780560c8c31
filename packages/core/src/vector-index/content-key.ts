import { basename } from 'node:path';
import type { FileStorage, HashVector } from '../contracts/hash-vector.js';
import { isEntryName } from '../store/cache-entry.js';

/** Nanoseconds: if a file was written to within this time before it was read, a later write may not change its time. */
const UNSETTLED = 2_000_000_000n;

const knownKeys = new WeakMap<object, string>();
let objects = 0;

/**
 * Returns a string that identifies a vector's content: by the state of its file, or for a vector that is not in a file,
 * by the object, whose content must not change.
 */
export function keyOf(vector: HashVector): string {
  const content = vector.storage ?? vector;
  let key = knownKeys.get(content);
  if (key === undefined) {
    key = vector.storage?.kind === 'file' ? keyOfFile(vector.storage) : `object ${objects++}`;
    knownKeys.set(content, key);
  }
  return key;
}

function keyOfFile({ identity: { device, inode, size, mtimeNs } }: FileStorage): string {
  return `${device}:${inode}:${size}:${mtimeNs}`;
}

/**
 * Returns whether a vector is in a file whose time every later write changes. This also holds for entries of the
 * cache, which are never written to again.
 *
 * @param moment nanoseconds since 1970, from before the vector was read
 */
export function isSettled({ storage }: HashVector, moment: bigint): boolean {
  return storage?.kind === 'file' && (isEntry(storage) || storage.identity.mtimeNs + UNSETTLED <= moment);
}

function isEntry({ path }: FileStorage): boolean {
  return isEntryName(basename(path));
}
