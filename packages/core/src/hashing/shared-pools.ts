import { HashingPool, type PlacedHasher } from './hashing-pool.js';

/** The use of a pool by one run. */
export interface PoolLease {
  readonly pool: HashingPool;
  /** Ends the use; the last release closes the pool. Tasks that the run abandoned may continue until then. Idempotent. */
  release(): Promise<void>;
}

interface SharedPool {
  readonly pool: HashingPool;
  users: number;
}

/** The hashing pools of an analyzer: concurrent runs with the same hasher share its threads and its limit of tasks. */
export class SharedPools {
  readonly #pools = new Map<string, SharedPool>();

  /** @param jobs number of threads; runs with different numbers use different pools */
  lease(hasher: PlacedHasher, jobs: number): PoolLease {
    const key = `${jobs} ${hasher.name}`;
    const known = this.#pools.get(key);
    const shared =
      known === undefined || known.pool.isOverrun ? { pool: new HashingPool(hasher, jobs), users: 0 } : known;
    this.#pools.set(key, shared);
    shared.users++;
    let isReleased = false;
    const release = async (): Promise<void> => {
      if (isReleased) {
        return;
      }
      isReleased = true;
      shared.users--;
      if (shared.users > 0) {
        return;
      }
      if (this.#pools.get(key) === shared) {
        this.#pools.delete(key);
      }
      await shared.pool.close();
    };
    return { pool: shared.pool, release };
  }
}
