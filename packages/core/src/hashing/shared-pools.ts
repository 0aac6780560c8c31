import { HashingPool, type PlacedHasher } from './hashing-pool.js';

/** A pool for one run. */
export interface PoolLease {
  readonly pool: HashingPool;
  /** Ends the use of the pool; the last one closes it. What the run gave up may go on until then. Idempotent. */
  release(): Promise<void>;
}

interface SharedPool {
  readonly pool: HashingPool;
  users: number;
}

/** Hashing pools by hasher: runs at the same time share the threads, and the bound on tasks that are prepared at once. */
export class SharedPools {
  readonly #pools = new Map<string, SharedPool>();

  /** @param jobs number of threads; runs with another number have another pool */
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
