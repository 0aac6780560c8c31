import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { leaseInflaters } from '#readers/inflation/inflater-threads.js';

test('runs many tasks of two users, also after all earlier users have released the threads', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-inflaters-'));
  const path = join(directory, 'a.qcow2');
  const stored = deflateRawSync(Buffer.alloc(4096, 7));
  await writeFile(path, stored);
  const handle = await open(path);
  const clusters = [{ offset: 0, storedBytes: stored.length, from: 0, length: 10, to: 0 }];
  const taskInto = (target: Uint8Array) => ({ descriptor: handle.fd, clusterBytes: 4096, clusters, target });
  try {
    for (let round = 0; round < 2; round += 1) {
      const users = [leaseInflaters(), leaseInflaters()];
      const targets = Array.from({ length: 20 }, () => new Uint8Array(new SharedArrayBuffer(10)));
      const failures = await Promise.all(
        targets.map((target, index) => users[index % users.length]!.run(taskInto(target))),
      );
      expect(failures).toEqual(targets.map(() => undefined));
      expect(targets.every((target) => target.every((byte) => byte === 7))).toBe(true);
      for (const user of users) {
        await user.release();
      }
    }
  } finally {
    await handle.close();
    await rm(directory, { recursive: true });
  }
});
