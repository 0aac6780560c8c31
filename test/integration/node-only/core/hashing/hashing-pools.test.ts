import { describe, expect, test } from '@jest/globals';
import hashers, { Sha256Hasher } from '@virt-similarity/hashers';
import type { HashTask } from '#core/hashing/hash-task.js';
import type { PlacedHasher } from '#core/hashing/hasher-threads.js';
import { HashingPools } from '#core/hashing/hashing-pools.js';

const BLOCK = 65_536;

const SHA256: PlacedHasher = {
  name: 'sha256',
  hasher: new Sha256Hasher(),
  reference: { kind: 'hasher', name: 'sha256', plugins: [{ url: hashers.url, options: {} }] },
};

/** Returns a task that hashes this number of blocks in memory. */
function taskOf(blocks: number): HashTask {
  const bytes = new Uint8Array(new SharedArrayBuffer(blocks * BLOCK)).fill(1);
  return {
    blockSize: BLOCK,
    files: [],
    segments: [{ kind: 'memory', bytes, length: bytes.length }],
    digests: new Uint8Array(new SharedArrayBuffer(blocks * 32)),
    present: new Uint8Array(new SharedArrayBuffer(blocks)),
  };
}

describe('pools with shared threads', () => {
  test('have separate places for tasks: a run that uses all of its places blocks no other run', async () => {
    const pools = new HashingPools();
    const [one, other] = [pools.poolOf(SHA256, 1), pools.poolOf(SHA256, 1)];
    await Promise.all([one.acquire(), one.acquire()]);
    const release = await other.acquire();
    release();
    await Promise.all([one.close(), other.close()]);
  });

  test('discard tasks that no thread has received when a run closes its pool, and serve the other run', async () => {
    const pools = new HashingPools();
    const [one, other] = [pools.poolOf(SHA256, 1), pools.poolOf(SHA256, 1)];
    const tasks = Array.from({ length: 20 }, () => taskOf(64));
    const runs = tasks.map((task) =>
      one.run(task).then(
        () => 'done',
        ({ code }) => code,
      ),
    );
    await one.close();
    const outcomes = await Promise.all(runs);
    expect(outcomes.filter((outcome) => outcome === 'aborted').length).toBeGreaterThan(10);
    expect(tasks.at(-1)!.present[0]).toBe(0);
    const task = taskOf(1);
    await other.run(task);
    expect(task.present[0]).toBe(1);
    await expect(one.run(taskOf(1))).rejects.toMatchObject({ code: 'aborted' });
    await other.close();
    await expect(other.run(taskOf(1))).rejects.toMatchObject({ code: 'aborted' });
  });

  test('get new threads after all earlier pools were closed', async () => {
    const pools = new HashingPools();
    await pools.poolOf(SHA256, 1).close();
    const pool = pools.poolOf(SHA256, 1);
    const task = taskOf(1);
    await pool.run(task);
    expect(task.present[0]).toBe(1);
    await pool.close();
    await pool.close();
  });

  test('prepare a hasher again in a later run if its preparation failed, even before earlier runs end', async () => {
    let failures = 1;
    const hasher = new Sha256Hasher() as Sha256Hasher & { prepare?: () => Promise<void> };
    hasher.prepare = async () => {
      if (failures-- > 0) {
        throw new Error('the licence server does not answer');
      }
    };
    const pools = new HashingPools();
    const here = { name: 'sha256', hasher };
    const [waiting, failing] = [pools.poolOf(here, 1), pools.poolOf(here, 1)];
    await expect(failing.run(taskOf(1))).rejects.toMatchObject({ code: 'plugin' });
    const later = pools.poolOf(here, 1);
    await later.run(taskOf(1));
    await Promise.all([waiting, failing, later].map((pool) => pool.close()));
  });
});
