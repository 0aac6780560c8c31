import assert from 'node:assert/strict';
import { rm, stat, truncate, writeFile } from 'node:fs/promises';
import { HashVectorCache } from '@virt-similarity/core';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { FORMAT_READERS, READERS } from '../../harness/readers.js';
import type { FaultCase } from '../fault-case.js';
import { patch, writeRawDisk } from '../inputs/patch.js';
import { createQcow2, writeGuest } from '../inputs/qcow2.js';
import { hashingStarted, MARKED, markerFile, SLOW_HASHER, writeSlowHasher } from '../inputs/slow-hasher.js';
import { startVirtualMachine } from '../inputs/virtual-machine.js';
import type { Stage } from '../stage.js';

const BLOCK = 65_536;
const BLOCKS = 64;
const BLOCK_MS = 30;

/** Returns a case of a raw disk that is changed once the hasher has hashed one of its blocks. */
function changed(number: number, title: string, change: (image: string) => Promise<void>): FaultCase {
  return {
    number,
    title,
    readers: READERS,
    exit: 6,
    build: async (stage) => {
      const image = stage.image('disk.raw');
      const content = deterministicBytes('changes', BLOCKS * BLOCK);
      for (let block = 0; block < BLOCKS; block += 1) {
        content[block * BLOCK] = MARKED;
      }
      await writeFile(image, content);
      await writeSlowHasher(stage, BLOCK_MS);
      const trial = stage.trial([image], {
        options: SLOW_HASHER,
        during: async (running) => {
          await hashingStarted(stage, running);
          await change(image);
          await running.until(() => running.hasEnded(), 'never').catch(() => {});
          await rm(markerFile(stage), { force: true });
        },
      });
      return { ...trial, changes: [image], check: () => requireNotCached(stage, image) };
    },
  };
}

/** Requires that the cache has the two good images, but not this image. */
async function requireNotCached(stage: Stage, image: string): Promise<void> {
  const entries = await new HashVectorCache(stage.cache).list();
  const names = entries.flatMap((entry) => (entry.state === 'bad' ? [] : entry.header.name));
  assert.ok(!names.includes(image), `${image} is in the cache`);
  assert.equal(names.length, 2, 'the good images are in the cache');
}

/** Images that change during a run, or that a virtual machine has open for writing. */
export const CHANGE_AND_USE: readonly FaultCase[] = [
  changed(31, 'detects that a raw image shrinks while it is read', async (image) =>
    truncate(image, (await stat(image)).size / 2),
  ),
  changed(32, 'detects that a raw image changes while it is read', (image) =>
    patch(image, { [5 * BLOCK]: Buffer.of(1, 2, 3) }),
  ),
  {
    number: 33,
    title: 'refuses a qcow2 that a running qemu has open for writing',
    readers: FORMAT_READERS,
    exit: 6,
    build: async (stage) => {
      const image = stage.image('used.qcow2');
      await createQcow2(image);
      await writeGuest(image, [3, 0, '256k']);
      const machine = await startVirtualMachine(new Map([[image, 'qcow2']]));
      // qemu sets a flag in an image that it has open.
      return { ...stage.trial([image]), changes: [image], cleanUp: machine.stop };
    },
  },
  {
    number: 34,
    title: 'refuses dense and sparse raw images that qemu has open for writing',
    readers: READERS,
    exit: 6,
    build: async (stage) => {
      const [full, sparse] = [stage.image('full.raw'), stage.image('sparse.raw')];
      await writeFile(full, deterministicBytes('used', 4 * BLOCK));
      await writeRawDisk(sparse, deterministicBytes('used', BLOCK), 64 * BLOCK);
      const machine = await startVirtualMachine(new Map([full, sparse].map((path) => [path, 'raw'])));
      return { ...stage.trial([full, sparse], { errors: 2 }), cleanUp: machine.stop };
    },
  },
];
