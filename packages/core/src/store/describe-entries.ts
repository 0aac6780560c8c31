import { join } from 'node:path';
import type { HashVector, HashVectorHeader } from '../contracts/hash-vector.js';
import type { StoreOptions } from '../contracts/vector-store.js';
import { messageOf, VirtSimilarityError } from '../errors.js';
import { currentStateOf } from '../files/current-state.js';
import type { OpenDirectory } from '../files/open-directory.js';
import { listCacheDirectory, type PlaceInDirectory } from './cache-directory.js';
import { isEntryName } from './cache-entry.js';

/** One entry of the cache: its file, the size of the file, and whether the entry can be used. */
export type CacheEntry = {
  readonly path: string;
  readonly bytes: number;
} & (
  | {
      /**
       * `changed` or `missing` if a file of the image's chain no longer has the stamp that it had when it was hashed
       * (see `currentStateOf`). `outdated` if the files are unchanged, but no run finds the entry, because it records
       * another version of its hasher, or no version. Otherwise `current`.
       */
      readonly state: 'current' | 'changed' | 'missing' | 'outdated';
      readonly header: HashVectorHeader;
    }
  | { readonly state: 'bad'; readonly problem: string }
);

export interface CacheListOptions extends StoreOptions {
  /**
   * The versions of hashers in use, by name. An entry of a hasher that is not listed is `outdated` only if it records
   * no version.
   */
  readonly hasherVersions?: ReadonlyMap<string, string> | undefined;
}

/**
 * Describes each entry, in the order of file names. Returns an empty list if `directory` is `undefined`. An entry that
 * `open` fails to open is `bad`.
 *
 * @throws `aborted` and `unavailable` if `open` does, and as `listCacheDirectory`.
 */
export async function describeEntries(
  directory: OpenDirectory | undefined,
  { hasherVersions = new Map() }: CacheListOptions,
  open: (entry: PlaceInDirectory) => Promise<HashVector>,
): Promise<CacheEntry[]> {
  const entries: CacheEntry[] = [];
  if (directory === undefined) {
    return entries;
  }
  for (const name of await listCacheDirectory(directory)) {
    if (isEntryName(name)) {
      entries.push(await describeEntry({ directory, name }, hasherVersions, open));
    }
  }
  return entries;
}

async function describeEntry(
  entry: PlaceInDirectory,
  hasherVersions: ReadonlyMap<string, string>,
  open: (entry: PlaceInDirectory) => Promise<HashVector>,
): Promise<CacheEntry> {
  const path = join(entry.directory.path, entry.name);
  let bytes = 0;
  try {
    bytes = Number((await entry.directory.statusOf(entry.name)).size);
    const { rows, ...header } = await open(entry);
    const state = header.identity === undefined ? 'current' : await currentStateOf(header.identity);
    return {
      path,
      bytes,
      state: state === 'current' && isOutdated(header, hasherVersions) ? 'outdated' : state,
      header,
    };
  } catch (thrown) {
    if (thrown instanceof VirtSimilarityError && ['aborted', 'unavailable'].includes(thrown.code)) {
      throw thrown;
    }
    return { path, bytes, state: 'bad', problem: messageOf(thrown) };
  }
}

function isOutdated(
  { algorithm, hasherVersion }: HashVectorHeader,
  hasherVersions: ReadonlyMap<string, string>,
): boolean {
  return hasherVersion === undefined || hasherVersion !== (hasherVersions.get(algorithm) ?? hasherVersion);
}
