import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { condensedIndex } from '@virt-similarity/core';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { convert } from '../../fixtures/qemu-images.js';
import { readReport } from '../../harness/json-report.js';
import { FORMAT_READERS, READERS } from '../../harness/readers.js';
import type { FaultCase } from '../fault-case.js';
import { mountFailingDisk } from '../inputs/failing-disk.js';
import { hashingStarted, MARKED, markerFile, SLOW_HASHER, writeSlowHasher } from '../inputs/slow-hasher.js';
import type { CommandExtras, Stage } from '../stage.js';

const BLOCK = 65_536;
/** So many blocks that most of them have not been read when the first block is hashed. */
const BLOCKS = 4096;
const BLOCK_MS = 30;
const BAD_BLOCK = 11;
/** The time limit, in seconds, of a run whose server hangs: longer than the command waits for an answer. */
const HANG_SECONDS = 180;
const SIZES = [0, 1, 1000, 65_535, 65_537];

/** Returns extras that send a signal to the NBD servers of the command once it hashes a marked block. */
function signalServers(stage: Stage, signal: 'SIGSTOP' | 'SIGKILL'): CommandExtras {
  return {
    options: [...SLOW_HASHER, '--no-cache'],
    seconds: HANG_SECONDS,
    during: async (running) => {
      await hashingStarted(stage, running);
      const servers = running.watch.signal(signal, (commandLine) => /^\S*(?:qemu-nbd|nbdkit)\b/.test(commandLine));
      assert.ok(servers > 0, 'expected a running server');
      await running.until(() => running.hasEnded(), 'never').catch(() => {});
      await rm(markerFile(stage), { force: true });
    },
  };
}

/** Storage and servers that fail, and disks of odd sizes. */
export const INPUT_FAULTS: readonly FaultCase[] = [
  {
    number: 40,
    title: 'reports the offset of a block that cannot be read',
    readers: READERS,
    exit: 5,
    build: async (stage) => {
      const content = stage.image('content.raw');
      const size = 16 * BLOCK;
      await writeFile(content, deterministicBytes('bad block', size));
      const bad = { offset: BAD_BLOCK * BLOCK, length: BLOCK };
      const disk = await mountFailingDisk({ path: content, size }, bad, `${stage.root}/mount`);
      return {
        ...stage.trial([disk.path]),
        check: async (ends) => {
          for (const { stderr } of ends) {
            assert.match(stderr, new RegExp(`byte ${bad.offset}\\b`));
          }
        },
        cleanUp: disk.unmount,
      };
    },
  },
  {
    number: 41,
    title: 'reports an image whose NBD server is killed or hangs',
    readers: FORMAT_READERS,
    exit: 7,
    build: async (stage) => {
      const [raw, image] = [stage.image('content.raw'), stage.image('image.vmdk')];
      await writeFile(raw, Buffer.alloc(BLOCKS * BLOCK, MARKED));
      // All clusters are compressed, so that the image is read through a server.
      await convert(raw, image, 'vmdk', { creation: { subformat: 'streamOptimized' } });
      await writeSlowHasher(stage, BLOCK_MS);
      const dies = stage.hash([image], signalServers(stage, 'SIGKILL'));
      const beside = stage.analyze([image], signalServers(stage, 'SIGKILL'));
      const hangs = stage.hash([image], signalServers(stage, 'SIGSTOP'));
      // With an appliance, the good images have servers too, which would also be killed.
      return { commands: stage.reader === 'libguestfs' ? [dies, hangs] : [dies, beside, hangs] };
    },
  },
  {
    number: 42,
    title: 'counts a different last byte as one block in raw images of odd sizes',
    readers: READERS,
    exit: 0,
    build: async (stage) => {
      const pairs = SIZES.map((size) => [stage.image(`a-${size}.raw`), stage.image(`b-${size}.raw`)] as const);
      for (const [index, [first, second]] of pairs.entries()) {
        const content = deterministicBytes('odd', SIZES[index]!);
        await writeFile(first, content);
        if (content.length > 0) {
          content.fill((content.at(-1) ?? 0) ^ 1, content.length - 1);
        }
        await writeFile(second, content);
      }
      const images = pairs.flat();
      return {
        ...stage.trial(images),
        check: async (ends) => {
          const report = readReport(ends.at(-1)!)!;
          const place = (path: string) => report.images.findIndex((image) => image.path === path);
          const found = pairs.map(
            ([first, second]) => report.distances[condensedIndex(report.images.length, place(first), place(second))],
          );
          assert.deepEqual(found, [0, 1, 1, 1, 1]);
        },
      };
    },
  },
];
