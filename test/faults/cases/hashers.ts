import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashVectorOf, openHashVector, writeHashVector } from '@virt-similarity/core';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { readReport } from '../../harness/json-report.js';
import { expectContent } from '../expect-content.js';
import type { FaultCase } from '../fault-case.js';
import { diskLikeVector } from '../inputs/forged-vector.js';
import type { Stage } from '../stage.js';

const BLOCK = 65_536;
const BLOCKS = 16;

/** Returns a plugin with a hasher `sum`, whose digests begin with the sum of the block's bytes and `salt`. */
function sumPlugin(salt: number): string {
  return `
class Sum {
  digestLength = 8;
  hash(block, digest) {
    digest.fill(9);
    new DataView(digest.buffer, digest.byteOffset).setUint32(0, block.reduce((sum, byte) => sum + byte, ${salt}));
  }
}
export default { name: 'sum', url: import.meta.url, hashers: { sum: Sum } };
`;
}

/** Asynchronous hashers: one returns a promise, the other writes its digest after it has returned. */
const ASYNC_PLUGIN = `
class Async { digestLength = 32; async hash(block, digest) { digest.fill(block[0]); } }
class Late { digestLength = 32; hash(block, digest) { setImmediate(() => digest.fill(block[0])); } }
export default { name: 'async', url: import.meta.url, hashers: { async: Async, late: Late } };
`;

/**
 * A module that exports a function that creates plugins. Threads import its default export, so they would lose the
 * argument of another call.
 */
const FACTORY = `
export function create(width) {
  class Wide { digestLength = 8; hash(block, digest) { digest.fill(1); digest.set(block.subarray(0, width)); } }
  class Times { unit = 'blocks'; alignment = 'position'; distance({ different }) { return different * width; } }
  return { name: 'factory', url: import.meta.url, hashers: { wide: Wide }, metrics: { times: Times } };
}
export default create(1);
`;

const TALKATIVE = `
console.log('loaded');
class Talkative {
  digestLength = 8;
  constructor() { console.info('made'); }
  hash(block, digest) {
    console.log('hashing');
    process.stdout.write('a block\\n');
    new DataView(digest.buffer, digest.byteOffset).setUint32(0, block.reduce((sum, byte) => sum + byte, 1));
    digest.fill(9, 4);
  }
}
export default { name: 'talkative', url: import.meta.url, hashers: { talkative: Talkative } };
`;

/** Disks that are also hash-vector files, and plugins with hashers that are outdated, asynchronous or misconfigured. */
export const HASHERS: readonly FaultCase[] = [
  {
    number: 90,
    title: 'ignores the digests in a raw disk that is also a hash-vector file',
    readers: ['auto', 'raw', 'qemu'],
    exit: 0,
    build: async (stage) => {
      const [disk, victim] = [stage.image('guest.raw'), stage.image('victim.raw')];
      await writeFile(victim, deterministicBytes('victim', BLOCKS * BLOCK));
      await writeFile(disk, diskLikeVector(await vectorFileOf(stage, victim)));
      return {
        commands: [stage.hash([disk], { options: ['--no-cache'] }), stage.analyze([victim, disk])],
        check: async (ends) => {
          await expectContent(stage.output('guest.raw.arrow'), await readFile(disk));
          const report = ends[1] && readReport(ends[1]);
          // Of the distances of good-1, good-2, victim and guest, the last is between victim and guest.
          assert.equal(report?.distances.at(-1), BLOCKS);
        },
      };
    },
  },
  {
    number: 91,
    title: "uses no vectors of a hasher's older version, from the cache or from a file",
    readers: ['auto'],
    exit: 0,
    build: async (stage) => {
      const plugin = join(stage.work, 'sum.mjs');
      const [one, twin] = [stage.image('one.raw'), stage.image('twin.raw')];
      await writeFile(plugin, sumPlugin(0));
      for (const path of [one, twin]) {
        await writeFile(path, deterministicBytes('twins', BLOCKS * BLOCK));
      }
      const options = ['--plugin', './sum.mjs', '--hash', 'sum'];
      const words = ['analyze', '-O', 'json', ...options];
      return {
        // The plugin is overwritten while the case runs.
        changes: [plugin],
        commands: [
          stage.hash([one], { options }),
          { words: [...words, one, twin], before: () => writeFile(plugin, sumPlugin(1)) },
          { words: [...words, 'out/one.raw.arrow', twin], exit: 2, errors: 2 },
        ],
        check: async ([, compared, refused]) => {
          assert.deepEqual((JSON.parse(compared?.stdout ?? '') as { distances: unknown }).distances, [0]);
          assert.match(
            refused?.stderr ?? '',
            /holds digests of sum version \S+, but the sum in use is version \S+; hash the image/,
          );
        },
      };
    },
  },
  {
    number: 92,
    title: 'refuses a hasher that returns a promise or writes its digest later',
    readers: ['auto'],
    exit: 3,
    build: async (stage) => {
      await writeFile(join(stage.work, 'async.mjs'), ASYNC_PLUGIN);
      const image = stage.image('disk.raw');
      await writeFile(image, deterministicBytes('disk', BLOCKS * BLOCK));
      const runs = ['async', 'late'].map((name) =>
        stage.hash([image], { options: ['--plugin', './async.mjs', '--hash', name], exit: 3 }),
      );
      return {
        commands: runs,
        check: async (ends) => {
          for (const { stderr } of ends) {
            assert.match(stderr, /\[(async|late)\] expected hash\(\) to write .*before it returns/);
          }
        },
      };
    },
  },
  {
    number: 93,
    title: 'refuses a plugin of a function call, whose arguments threads would lose',
    readers: ['auto'],
    exit: 2,
    build: async (stage) => {
      await writeFile(join(stage.work, 'factory.mjs'), FACTORY);
      await writeFile(
        join(stage.work, 'wide.mjs'),
        "export { create } from './factory.mjs'; import { create } from './factory.mjs'; export default create(5);",
      );
      const image = stage.image('disk.raw');
      await writeFile(image, deterministicBytes('disk', BLOCKS * BLOCK));
      const plugin = ['--plugin', './wide.mjs'];
      return {
        commands: [
          { words: ['hash', '-o', 'out/', '--no-cache', ...plugin, '--hash', 'wide', image] },
          { words: ['analyze', '--no-cache', ...plugin, '--metric', 'times', image, 'good/good-1.raw'] },
        ],
        check: async (ends) => {
          for (const { stderr } of ends) {
            assert.match(
              stderr,
              /cannot run (hasher wide|metric times) in threads: .* of factory .*; threads import the module again, .*; export the plugin by default/,
            );
          }
        },
      };
    },
  },
  {
    number: 94,
    title: 'writes what plugins print to stderr, and only the report to stdout',
    readers: ['auto'],
    exit: 0,
    build: async (stage) => {
      await writeFile(join(stage.work, 'talkative.mjs'), TALKATIVE);
      const image = stage.image('disk.raw');
      await writeFile(image, deterministicBytes('disk', BLOCKS * BLOCK));
      return {
        commands: [stage.analyze([image], { options: ['--plugin', './talkative.mjs', '--hash', 'talkative'] })],
        check: async ([end]) => {
          JSON.parse(end?.stdout ?? '');
          for (const text of ['loaded', 'made', 'hashing', 'a block']) {
            assert.match(end?.stderr ?? '', new RegExp(`^${text}$`, 'm'));
          }
        },
      };
    },
  },
];

/** Returns a forged hash-vector file with the digests of another disk. */
async function vectorFileOf(stage: Stage, victim: string): Promise<Buffer> {
  const content = await readFile(victim);
  const blocks = Uint32Array.from({ length: BLOCKS }, (_, block) => block);
  const digests = new Uint8Array(BLOCKS * 32);
  for (const block of blocks) {
    digests.set(
      createHash('sha256')
        .update(content.subarray(block * BLOCK, (block + 1) * BLOCK))
        .digest(),
      block * 32,
    );
  }
  const header = { name: victim, algorithm: 'sha256', digestLength: 32, blockSize: BLOCK, virtualSize: content.length };
  const path = join(stage.root, 'tmp', 'forged.arrow');
  await writeHashVector(hashVectorOf(header, blocks, digests), path);
  // The case is meaningless unless the file is valid.
  await openHashVector(path);
  const bytes = await readFile(path);
  await rm(path);
  return bytes;
}
