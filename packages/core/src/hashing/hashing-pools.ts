import { HasherThreads, type PlacedHasher } from './hasher-threads.js';
import { HashingPool } from './hashing-pool.js';

interface UsedThreads {
  readonly threads: HasherThreads;
  users: number;
}

/**
 * Creates the hashing pools of an analyzer's runs. Concurrent runs with the same hasher and number of threads use the
 * same threads, so that together they do not start more threads than a single run; after the hasher has failed its
 * probe, a later run starts new threads. A hasher with a time limit gets separate threads in each run, so that no
 * other run is affected if the hasher exceeds the limit.
 */
export class HashingPools {
  readonly #used = new Map<string, UsedThreads>();

  /**
   * Returns a pool for one run. The run closes the pool. The last pool that is closed ends the shared threads.
   *
   * @param jobs number of threads; runs with different numbers use different threads
   * @throws as the constructor of `HashingPool`.
   */
  poolOf(hasher: PlacedHasher, jobs: number): HashingPool {
    if ((hasher.timeLimit ?? 0) > 0) {
      return new HashingPool(hasher, jobs);
    }
    const key = `${jobs} ${hasher.name}`;
    const known = this.#used.get(key);
    const used =
      known === undefined || known.threads.isSpent ? { threads: new HasherThreads(hasher, jobs), users: 0 } : known;
    this.#used.set(key, used);
    used.users++;
    let isReleased = false;
    const release = async (): Promise<void> => {
      if (isReleased) {
        return;
      }
      isReleased = true;
      used.users--;
      if (used.users === 0) {
        if (this.#used.get(key) === used) {
          this.#used.delete(key);
        }
        await used.threads.close();
      }
    };
    return new HashingPool(hasher, jobs, { threads: used.threads, release });
  }
}
