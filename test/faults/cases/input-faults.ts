import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { condensedIndex } from '@virt-similarity/core';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { convert } from '../../fixtures/qemu-images.js';
import { readReport } from '../../harness/json-report.js';
import { FORMAT_READERS, READERS } from '../../harness/readers.js';
import type { FaultCase } from '../fault-case.js';
import { mountFailingDisk } from '../inputs/failing-disk.js';
import { begun, MARKED, SLOW_HASHER, writeSlowHasher } from '../inputs/slow-hasher.js';
import type { CommandExtras, Stage } from '../stage.js';

const BLOCK = 65_536;
/** So many that most are still to be read when the first is hashed. */
const BLOCKS = 4096;
const BLOCK_MS = 30;
const BAD_BLOCK = 11;
/** Seconds for a run whose server hangs: the limit for an answer, and more. */
const HANG_SECONDS = 180;
const SIZES = [0, 1, 1000, 65_535, 65_537];

/** Signals the servers of a command as soon as it hashes what they give of a marked image. */
function afflicted(stage: Stage, signal: 'SIGSTOP' | 'SIGKILL'): CommandExtras {
  return {
    options: [...SLOW_HASHER, '--no-cache'],
    seconds: HANG_SECONDS,
    during: async (running) => {
      await begun(stage, running);
      const servers = running.watch.signal(signal, (commandLine) => /^\S*(?:qemu-nbd|nbdkit)\b/.test(commandLine));
      assert.ok(servers > 0, 'a server runs');
      await running.until(() => running.hasEnded(), 'never').catch(() => {});
      await rm(`${stage.root}/begun`, { force: true });
    },
  };
}

/** Storage and servers that fail, and disks of odd sizes. */
export const INPUT_FAULTS: readonly FaultCase[] = [
  {
    number: 40,
    title: 'a block that cannot be read: the error says where',
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
    title: 'a server that dies, and one that hangs',
    readers: FORMAT_READERS,
    exit: 7,
    build: async (stage) => {
      const [raw, image] = [stage.image('content.raw'), stage.image('image.vmdk')];
      await writeFile(raw, Buffer.alloc(BLOCKS * BLOCK, MARKED));
      // No cluster of it stands in the file as it is, so that it is read through a server.
      await convert(raw, image, 'vmdk', { creation: { subformat: 'streamOptimized' } });
      await writeSlowHasher(stage, BLOCK_MS);
      const dies = stage.hash([image], afflicted(stage, 'SIGKILL'));
      const beside = stage.analyze([image], afflicted(stage, 'SIGKILL'));
      const hangs = stage.hash([image], afflicted(stage, 'SIGSTOP'));
      // To an appliance the good images are served too, and would lose their servers with the other.
      return { commands: stage.reader === 'libguestfs' ? [dies, hangs] : [dies, beside, hangs] };
    },
  },
  {
    number: 42,
    title: 'raw of 0, 1, 1,000, 65,535 and 65,537 bytes: one block between those that differ in the tail',
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
