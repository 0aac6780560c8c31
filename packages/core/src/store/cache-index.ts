import type { OpenDirectory } from '../files/open-directory.js';
import { sweepTemporaryFiles } from '../files/temporary-files.js';
import { fileKeyOf, fileNumberOf } from '../identity/stamp.js';
import { listCacheDirectory } from './cache-directory.js';
import { keyOfEntryName } from './cache-entry.js';

/** The entries in a directory when it was listed. */
interface Listing {
  /** The directory's device, inode and modification time. */
  readonly version: string;
  /** The file names of entries, by key. */
  readonly names: ReadonlyMap<string, readonly string[]>;
}

/**
 * The names of a cache's entries by key. Lists the directory at the first call, and again only after the directory has
 * changed. Each listing also removes temporary files of writers that have ended.
 */
export class CacheIndex {
  #listing: Promise<Listing> | undefined;

  /**
   * Returns the file names of a key's entries, sorted.
   *
   * @throws as `listCacheDirectory`.
   */
  async namesOf(key: string, directory: OpenDirectory): Promise<readonly string[]> {
    // A change within one tick of the clock of the file system after a listing can be missed, which only costs time.
    const version = `${fileKeyOf(fileNumberOf(directory.stats))}:${directory.stats.mtimeNs}`;
    if (this.#listing === undefined || (await this.#listing).version !== version) {
      const listing = this.#list(version, directory);
      this.#listing = listing;
      // After a failure, the next call lists the directory again.
      listing.catch(() => {
        if (this.#listing === listing) {
          this.#listing = undefined;
        }
      });
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
