import { stat } from 'node:fs/promises';
import { systemPath } from '../paths/path-text.js';
import { listCacheDirectory } from './cache-directory.js';
import { keyOfEntryName } from './cache-entry.js';
import { sweepTemporaryFiles } from './temporary-files.js';

/** What a directory held when it was listed. */
interface Listing {
  /** The directory's time of change; undefined where there was no directory. */
  readonly changed: bigint | undefined;
  readonly names: ReadonlyMap<string, readonly string[]>;
}

/**
 * The names of a cache's entries by key, listed anew only where the directory has changed. What killed writers left there
 * is removed on that occasion.
 */
export class CacheIndex {
  readonly #directory: string;
  #listing: Promise<Listing> | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The file names of the entries of a key, in order. Throws as `listCacheDirectory` does. */
  async namesOf(key: string): Promise<readonly string[]> {
    // What changes within one tick of the file system's clock after a listing may be missed: that costs time, no truth.
    const changed = await this.#timeOfChange();
    if (this.#listing === undefined || (await this.#listing).changed !== changed) this.#listing = this.#list(changed);
    return (await this.#listing).names.get(key) ?? [];
  }

  async #list(changed: bigint | undefined): Promise<Listing> {
    const names = new Map<string, string[]>();
    const listed = await listCacheDirectory(this.#directory);
    await sweepTemporaryFiles(this.#directory, listed);
    for (const name of listed) {
      const key = keyOfEntryName(name);
      if (key === undefined) continue;
      const others = names.get(key);
      if (others) others.push(name);
      else names.set(key, [name]);
    }
    return { changed, names };
  }

  async #timeOfChange(): Promise<bigint | undefined> {
    const stats = await stat(systemPath(this.#directory), { bigint: true }).catch(() => undefined);
    return stats?.mtimeNs;
  }
}
