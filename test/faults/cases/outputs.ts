import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chown, link, mkdir, readdir, readFile, rename, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { HashVectorCache, openHashVector, writeFileAtomically } from '@virt-similarity/core';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import type { CommandRun } from '../../harness/command-run.js';
import { FORMAT_READERS } from '../../harness/readers.js';
import type { CommandLine, FaultCase } from '../fault-case.js';
import { onlyEntry, withTextForged } from '../inputs/cache-entry.js';
import { whileExchanged } from '../inputs/directory-exchange.js';
import { plantLink } from '../inputs/planted-link.js';
import { createQcow2, writeGuest } from '../inputs/qcow2.js';
import { hashingStarted, MARKED, markerFile, SLOW_HASHER, writeSlowHasher } from '../inputs/slow-hasher.js';
import { SLOW_REPORT, writeSlowReporter } from '../inputs/slow-reporter.js';
import { flatDescriptor } from '../inputs/vmdk.js';
import { GOOD_IMAGES, type Stage } from '../stage.js';

const BLOCK = 65_536;
const BLOCKS = 16;
const BLOCK_MS = 30;
const FINDS = 3_000;
const NOBODY = 65_534;

/** Returns two command lines. The first writes an image's vector to `vector`, the second a report on it to `report`. */
function writesOver(stage: Stage, image: string, vector: string, report: string): CommandLine[] {
  return [
    { words: ['hash', ...readerOf(stage), '-o', vector, image] },
    { words: ['analyze', ...readerOf(stage), '-o', report, GOOD_IMAGES[0], image] },
  ];
}

function readerOf({ reader }: Stage): string[] {
  return reader === 'auto' ? [] : ['--reader', reader];
}

/** Writes an image whose first byte makes the slow hasher create its marker file. */
async function writeMarkedImage(path: string): Promise<void> {
  const content = deterministicBytes('marked', BLOCKS * BLOCK);
  content[0] = MARKED;
  await writeFile(path, content);
}

/**
 * Output paths that are, or become, links or files of images; the temporary files of a running writer; and forged
 * entries in a cache directory that is exchanged.
 */
export const OUTPUTS: readonly FaultCase[] = [
  {
    number: 61,
    title: "refuses an output if another user's link is at its path",
    readers: ['auto'],
    exit: 4,
    build: async (stage) => {
      const [image, precious] = [stage.image('disk.raw'), stage.image('precious.raw')];
      for (const path of [image, precious]) {
        await writeFile(path, deterministicBytes(path, BLOCK));
      }
      await plantLink(precious, join(stage.work, 'disk.raw.arrow'));
      await plantLink(precious, stage.output('tree.txt'));
      // A tree with a label that differs from the image's name has a companion, tree.names.tsv.
      const blank = stage.image('with blank (1).raw');
      await writeFile(blank, deterministicBytes('blank', BLOCK));
      await plantLink(precious, stage.output('tree.names.tsv'));
      return {
        commands: [
          { words: ['hash', image] },
          { words: ['analyze', '-o', 'out/tree.txt', ...GOOD_IMAGES] },
          { words: ['analyze', '-o', 'out/tree.nwk', GOOD_IMAGES[0], blank] },
        ],
      };
    },
  },
  {
    number: 62,
    title: 'writes to no image through a link that is planted during a run',
    readers: ['auto'],
    exit: 4,
    build: async (stage) => {
      const image = stage.image('disk.raw');
      await writeMarkedImage(image);
      await writeSlowHasher(stage, BLOCK_MS);
      const planting = (name: string) => async (running: CommandRun) => {
        await hashingStarted(stage, running);
        await plantLink(image, stage.output(name));
      };
      const slow = ['--no-cache', ...SLOW_HASHER];
      const planted = ['disk.raw.arrow', 'tree.txt'].map((name) => stage.output(name));
      return {
        commands: [
          { words: ['hash', '-o', 'out/', ...slow, image], during: planting('disk.raw.arrow') },
          {
            words: ['analyze', '-o', 'out/tree.txt', ...slow, GOOD_IMAGES[0], image],
            before: () => removeMarker(stage),
            during: planting('tree.txt'),
          },
          {
            words: ['hash', '-o', 'made/', ...slow, image],
            exit: 0,
            before: () => removeMarker(stage),
            during: async (running) => {
              await hashingStarted(stage, running);
              // The directory itself is replaced with a link to the directory of the images.
              await rename(join(stage.work, 'made'), join(stage.work, 'moved'));
              await plantLink(`${stage.root}/images`, join(stage.work, 'made'));
            },
          },
        ],
        writes: [markerFile(stage), join(stage.work, 'moved'), join(stage.work, 'made'), ...planted],
        check: async () => assert.deepEqual(await readdir(`${stage.root}/images`), ['disk.raw']),
      };
    },
  },
  {
    number: 63,
    title: 'refuses an output that is the backing file of an image',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      const [vector, report] = [stage.image('base.arrow'), stage.image('base.txt')];
      for (const path of [vector, report]) {
        await writeFile(path, deterministicBytes(path, 4 * BLOCK));
        await createQcow2(`${path}.qcow2`, { backing: basename(path), backingFormat: 'raw' });
        await writeGuest(`${path}.qcow2`, [1, 0, '64k']);
      }
      const [overVector] = writesOver(stage, `${vector}.qcow2`, vector, report);
      const [, overReport] = writesOver(stage, `${report}.qcow2`, vector, report);
      // Fills the cache with the images' vectors: the outputs must also be refused when no image is read.
      const read = (image: string): CommandLine => ({
        words: ['hash', ...readerOf(stage), '-o', 'out/', image],
        exit: 0,
      });
      return {
        commands: [
          overVector!,
          overReport!,
          read(`${vector}.qcow2`),
          read(`${report}.qcow2`),
          overVector!,
          overReport!,
        ],
      };
    },
  },
  {
    number: 64,
    title: 'refuses an output that is an extent of a VMDK',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      const [vector, report] = [stage.image('disk.arrow'), stage.image('disk.txt')];
      for (const path of [vector, report]) {
        await writeFile(path, deterministicBytes(path, 2 * BLOCK));
        const descriptor = flatDescriptor(basename(path), (2 * BLOCK) / 512);
        await writeFile(`${path}.vmdk`, descriptor);
      }
      const [overVector] = writesOver(stage, `${vector}.vmdk`, vector, report);
      const [, overReport] = writesOver(stage, `${report}.vmdk`, vector, report);
      return { commands: [overVector!, overReport!] };
    },
  },
  {
    number: 65,
    title: 'refuses an output that is a hard link to a file of an image',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      const [base, overlay] = [stage.image('base.raw'), stage.image('overlay.qcow2')];
      await writeFile(base, deterministicBytes('base', 4 * BLOCK));
      await createQcow2(overlay, { backing: 'base.raw', backingFormat: 'raw' });
      for (const name of ['base.arrow', 'base.txt']) {
        await link(base, stage.output(name));
      }
      await link(overlay, stage.output('overlay.arrow'));
      await link(overlay, stage.output('overlay.txt'));
      return {
        commands: [
          ...writesOver(stage, overlay, stage.output('base.arrow'), stage.output('base.txt')),
          ...writesOver(stage, overlay, stage.output('overlay.arrow'), stage.output('overlay.txt')),
        ],
      };
    },
  },
  {
    number: 66,
    title: "finds no forged entry while the cache is exchanged with another user's",
    readers: ['auto'],
    exit: 0,
    build: async (stage) => {
      const image = stage.image('disk.raw');
      await writeFile(image, deterministicBytes('cached', BLOCK));
      return {
        commands: [stage.hash([image])],
        check: async () => {
          const entry = await onlyEntry(stage.cache);
          const { identity, algorithm, hasherVersion, blockSize, name } = await openHashVector(entry.path);
          const subject = { identity: identity!, algorithm, hasherVersion: hasherVersion!, blockSize };
          const forged = `${stage.root}/forged`;
          await mkdir(forged, { mode: 0o700 });
          await forgeEntry(entry.path, forged, name);
          if (process.getuid?.() !== 0) {
            return;
          }
          await chown(forged, NOBODY, NOBODY);
          await whileExchanged(stage.cache, forged, async () => {
            let found = 0;
            for (let round = 0; round < FINDS; round += 1) {
              const cache = new HashVectorCache(stage.cache);
              const vector = await cache.find(subject).catch(() => undefined);
              if (vector === undefined) {
                continue;
              }
              found += 1;
              assert.equal(vector.name, name, `the entry found in round ${round}`);
            }
            assert.ok(found > 0, 'expected to find the valid entry');
          });
          await restoreCache(stage, forged);
        },
      };
    },
  },
  {
    number: 67,
    title: "keeps a running writer's temporary file whose times are two hours old",
    readers: ['auto'],
    exit: 0,
    build: async (stage) => {
      const release = await writeSlowReporter(stage);
      const report = stage.output('tree.slow');
      const slow = ['--plugin', './slow-reporter.mjs', '--plugin-timeout', '0'];
      return {
        commands: [
          {
            words: ['analyze', ...slow, '-o', 'out/tree.slow', ...GOOD_IMAGES],
            during: async (running) => {
              let temporary: string | undefined;
              await running.until(async () => {
                temporary = (await readdir(stage.output(''))).find((name) => name.endsWith('.tmp'));
                return temporary !== undefined;
              }, 'it started to write its report');
              const old = Date.now() / 1000 - 2 * 60 * 60;
              await utimes(stage.output(temporary!), old, old);
              await writeFileAtomically(stage.output('other.txt'), other());
              await writeFile(release, '');
            },
          },
        ],
        writes: [release, stage.output('other.txt')],
        check: async () => assert.equal(await readFile(report, 'utf8'), SLOW_REPORT),
      };
    },
  },
  {
    number: 68,
    title: "refuses another user's link as the directory of outputs",
    readers: ['auto'],
    exit: 4,
    build: async (stage) => {
      await mkdir(`${stage.root}/elsewhere`);
      await plantLink(`${stage.root}/elsewhere`, join(stage.work, 'planted'));
      const isRoot = process.getuid?.() === 0;
      const exit = isRoot ? 4 : 0;
      return {
        commands: [
          { words: ['hash', '-o', 'planted/', GOOD_IMAGES[0]], exit },
          { words: ['analyze', '-o', 'planted/tree.txt', ...GOOD_IMAGES], exit },
        ],
        check: async () => assert.equal((await readdir(`${stage.root}/elsewhere`)).length, isRoot ? 0 : 2),
      };
    },
  },
  {
    number: 69,
    title: 'refuses a vector at the path of a backing file of a later image',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      // The vector of the first image has the name of the backing file of the last.
      const [first, base, last] = [stage.image('a.raw'), stage.output('a.raw.arrow'), stage.output('z.qcow2')];
      await writeFile(first, deterministicBytes('first', BLOCK));
      await writeFile(base, deterministicBytes('base', 4 * BLOCK));
      await createQcow2(last, { backing: basename(base), backingFormat: 'raw' });
      await writeGuest(last, [1, 0, '64k']);
      const words = ['hash', ...readerOf(stage), '-o', 'out/', first, last];
      const before = await readFile(base);
      return {
        commands: [{ words }],
        check: async () => assert.ok(before.equals(await readFile(base)), 'the backing file has changed'),
      };
    },
  },
];

async function removeMarker(stage: Stage): Promise<void> {
  await rename(markerFile(stage), `${markerFile(stage)}-before`);
}

/**
 * Writes a forged copy of an entry to a directory: part of the image's name is replaced, and the file name contains the
 * SHA-256 of the forged bytes.
 */
async function forgeEntry(path: string, directory: string, name: string): Promise<void> {
  const copy = join(directory, basename(path));
  const bytes = withTextForged(await readFile(path), new RegExp(name.slice(-8), 'g'), 'forged');
  const digest = createHash('sha256').update(bytes).digest('hex');
  await writeFile(copy.replace(/[0-9a-f]{64}(?=\.arrow$)/, digest), bytes, { mode: 0o600 });
}

/** Exchanges the two directories again if the cache directory is the other user's. */
async function restoreCache(stage: Stage, other: string): Promise<void> {
  const entries = await new HashVectorCache(stage.cache).list().catch(() => undefined);
  if (entries !== undefined) {
    return;
  }
  await rename(stage.cache, `${other}.forged`);
  await rename(other, stage.cache);
}

async function* other(): AsyncIterable<string> {
  yield 'other';
}
