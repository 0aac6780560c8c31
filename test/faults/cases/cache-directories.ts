import assert from 'node:assert/strict';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { runTool } from '../../fixtures/run-tool.js';
import type { FaultCase } from '../fault-case.js';
import { onlyEntry, replaceByForgery } from '../inputs/cache-entry.js';
import type { Stage } from '../stage.js';

const BLOCK = 65_536;
const FUZZED = 100;
const MAGIC = Buffer.from('ARROW1');

/**
 * Returns files of three kinds: random bytes; truncated copies of a valid file; and random bytes between the magic
 * numbers of an Arrow file, with a wrong length of the footer.
 */
function fuzzedFiles(valid: Buffer): Buffer[] {
  return Array.from({ length: FUZZED }, (_, round) => {
    const noise = deterministicBytes(`noise ${round}`, 20 + 7 * round);
    if (round % 4 === 0) {
      return noise;
    }
    if (round % 4 === 1) {
      return valid.subarray(0, (valid.length * round) / FUZZED);
    }
    const footerLength = Buffer.alloc(4);
    footerLength.writeUInt32LE(round % 4 === 2 ? round : 0x7fff_ffff);
    return Buffer.concat([MAGIC, noise, footerLength, MAGIC]);
  });
}

/**
 * Damaged files as cache entries and as named hash vectors; cache directories that are links, belong to another user,
 * or are writable by everyone.
 */
export const CACHE_DIRECTORIES: readonly FaultCase[] = [
  {
    number: 47,
    title: 'rejects random and damaged files as cache entries and as named vectors',
    readers: ['auto'],
    exit: 0,
    build: async (stage) => {
      const image = stage.image('disk.raw');
      await writeFile(image, deterministicBytes('cached', 5 * BLOCK));
      const names = Array.from({ length: FUZZED }, (_, round) => `${stage.root}/work/fuzzed/${round}.arrow`);
      const addFuzzedEntries = async () => {
        const entry = await onlyEntry(stage.cache);
        await mkdir(`${stage.root}/work/fuzzed`);
        for (const [round, bytes] of fuzzedFiles(entry.bytes).entries()) {
          await replaceByForgery(entry, bytes);
          await writeFile(names[round] ?? '', bytes);
        }
      };
      return {
        commands: [
          stage.hash([image]),
          { ...stage.hash([image]), before: addFuzzedEntries },
          stage.hash(names, { exit: 5, errors: FUZZED }),
          stage.analyze(names, { exit: 3, alone: 5, errors: FUZZED }),
        ],
        check: async (ends) => {
          const warnings = ends[1]?.stderr.match(/warning: .*the image is read again/g) ?? [];
          assert.equal(warnings.length, FUZZED, 'a warning for each bad entry');
        },
      };
    },
  },
  {
    number: 48,
    title: "refuses a cache that is a link, another user's, or writable by everyone",
    readers: ['auto'],
    exit: 4,
    build: async (stage) => {
      const directories = [await linkedDirectory(stage), await foreignDirectory(stage), await openDirectory(stage)];
      const image = stage.image('disk.raw');
      await writeFile(image, deterministicBytes('cached', BLOCK));
      return {
        commands: directories.map((cache) => stage.hash([image], { options: ['--cache', cache] })),
        cache: 'refused',
      };
    },
  },
];

async function linkedDirectory(stage: Stage): Promise<string> {
  await mkdir(`${stage.root}/elsewhere`, { mode: 0o700 });
  await symlink(`${stage.root}/elsewhere`, `${stage.root}/link`);
  return `${stage.root}/link`;
}

/** Returns a directory that does not belong to the user who runs the tests. As root, creates one for another user. */
async function foreignDirectory(stage: Stage): Promise<string> {
  if (process.getuid?.() !== 0) {
    return '/usr/share';
  }
  await mkdir(`${stage.root}/foreign`, { mode: 0o700 });
  await runTool('chown', ['65534', `${stage.root}/foreign`]);
  return `${stage.root}/foreign`;
}

async function openDirectory(stage: Stage): Promise<string> {
  await mkdir(`${stage.root}/open`);
  await chmod(`${stage.root}/open`, 0o777);
  return `${stage.root}/open`;
}
