import type { OpenDirectory } from '../files/open-directory.js';
import { sweepTemporaryFiles } from '../files/temporary-files.js';
import { fileKeyOf, fileNumberOf } from '../identity/stamp.js';
import { listCacheDirectory } from './cache-directory.js';
import { keyOfEntryName } from './cache-entry.js';

/** What a directory held when it was listed. */
interface Listing {
  /** Which directory it was, and its time of change. */
  readonly version: string;
  readonly names: ReadonlyMap<string, readonly string[]>;
}

/**
 * The names of a cache's entries by key, listed again only where the directory has changed. Temporary files of writers
 * that were killed are removed then.
 */
export class CacheIndex {
  #listing: Promise<Listing> | undefined;

  /**
   * The file names of the entries of a key, in order.
   *
   * @throws as `listCacheDirectory` does.
   */
  async namesOf(key: string, directory: OpenDirectory): Promise<readonly string[]> {
    // What changes within one tick of the file system's clock after a listing may be missed: that costs time, no truth.
    const version = `${fileKeyOf(fileNumberOf(directory.stats))}:${directory.stats.mtimeNs}`;
    if (this.#listing === undefined || (await this.#listing).version !== version) {
      this.#listing = this.#list(version, directory);
    }
    return (await this.#listing).names.get(key) ?? [];
  }

  async #list(version: string, directory: OpenDirectory): Promise<Listing> {
    const names = new Map<string, string[]>();
    const listed = await listCacheDirectory(directory);
    await sweepTemporaryFiles(directory, listed);
    for (const name of listed) {
      const key = keyOfEntryName(name);
      if (key === undefined) {
        continue;
      }
      const others = names.get(key);
      if (others) {
        others.push(name);
      } else {
        names.set(key, [name]);
      }
    }
    return { version, names };
  }
}
