import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { HashVectorCache, openHashVector } from '@virt-similarity/core';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { forgedNumbers } from '../../fixtures/forged-numbers.js';
import { expectContent } from '../expect-content.js';
import type { CommandLine, FaultCase, Trial } from '../fault-case.js';
import { type EntryFile, onlyEntry, replaceByForgery, withTextForged } from '../inputs/cache-entry.js';
import type { Stage } from '../stage.js';

/** A number of blocks that is told from all other numbers in a hash-vector file. */
const BLOCKS = 77;
const BLOCK = 65_536;
const READ_AGAIN = /warning: .*the image is read again/;

/** Puts bad bytes where an entry stands; gives the path at which they then are. */
type Spoil = (entry: EntryFile, bytes: Buffer) => Promise<string>;

/** A case of bad cache entries: every one is tried by the library, and the first, a middle and the last by the command. */
function spoiled(number: number, title: string, variantsOf: (bytes: Buffer) => Buffer[], spoil: Spoil): FaultCase {
  return {
    number,
    title: `cache entry: ${title}`,
    readers: ['auto'],
    exit: 0,
    build: async (stage) => {
      const image = stage.image('disk.raw');
      await writeFile(image, deterministicBytes('cached', BLOCKS * BLOCK));
      let good: EntryFile | undefined;
      const remember = async () => {
        good ??= await onlyEntry(stage.cache);
        return good;
      };
      const spoilOneOf = (pick: (variants: Buffer[]) => Buffer | undefined) => async () => {
        const entry = await remember();
        await spoil(entry, pick(variantsOf(entry.bytes)) ?? entry.bytes);
      };
      const runs = [
        stage.hash([image]),
        { ...stage.hash([image]), before: spoilOneOf((variants) => variants[0]) },
        { ...stage.hash([image]), before: spoilOneOf((variants) => variants[variants.length >> 1]) },
        { ...stage.analyze([image]), before: spoilOneOf((variants) => variants.at(-1)) },
      ];
      return checkedBy(stage, image, runs, async () => {
        const entry = await remember();
        await tryAll(stage, entry, variantsOf(entry.bytes), spoil);
      });
    },
  };
}

function checkedBy(stage: Stage, image: string, commands: CommandLine[], tryEntries: () => Promise<void>): Trial {
  return {
    commands,
    check: async (ends) => {
      const [, ...later] = ends;
      for (const { stderr } of later) {
        assert.match(stderr, READ_AGAIN);
      }
      await expectContent(stage.output('disk.raw.arrow'), await readFile(image));
      await tryEntries();
    },
  };
}

/** Requires of every variant that the cache does not find it, and warns once. */
async function tryAll(stage: Stage, entry: EntryFile, variants: readonly Buffer[], spoil: Spoil): Promise<void> {
  const { identity, algorithm, hasherVersion, blockSize } = await openHashVector(entry.path);
  assert.ok(identity !== undefined && hasherVersion !== undefined, 'an entry says what it was made from and by what');
  for (const [index, variant] of variants.entries()) {
    const spoiledPath = await spoil(entry, variant);
    const warnings: string[] = [];
    const cache = new HashVectorCache(stage.cache, (message) => warnings.push(message));
    assert.equal(
      await cache.find({ identity, algorithm, hasherVersion, blockSize }),
      undefined,
      `variant ${index} is found`,
    );
    assert.equal(warnings.length, 1, `warnings of variant ${index}`);
    // What was found bad may be gone already.
    await rm(spoiledPath, { force: true });
  }
}

const inPlace: Spoil = async ({ path }, bytes) => {
  await writeFile(path, bytes);
  return path;
};
const forged: Spoil = replaceByForgery;

/** Entries of the cache that are not what was written. */
export const CACHE_ENTRIES: readonly FaultCase[] = [
  spoiled(43, 'each byte flipped', flipped, inPlace),
  spoiled(44, 'each length cut short', (bytes) => Array.from(bytes, (_, length) => bytes.subarray(0, length)), inPlace),
  spoiled(
    45,
    'longer than it was',
    (bytes) =>
      [1, 8, BLOCK].map((length) => Buffer.concat([bytes, Buffer.alloc(length)])).concat(Buffer.concat([bytes, bytes])),
    inPlace,
  ),
  spoiled(46, 'forged metadata under a name that proves them', withForgedMetadata, forged),
];

function flipped(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (byte, at) => {
    const copy = Buffer.from(bytes);
    copy[at] = byte ^ 1;
    return copy;
  });
}

function withForgedMetadata(bytes: Buffer): Buffer[] {
  const texts: readonly [RegExp, string][] = [
    [/"inode":"\d+"/g, '"__proto__":[]'],
    [/"inode":"\d+"/g, '"inode":-1'],
    [/\[\{"path":/g, '[{"pith":'],
    [/"size":"\d+"/g, '"size":"1"'],
  ];
  const counts = [10n ** 9n, 2n ** 62n, -1n].flatMap((count) => forgedNumbers(bytes, BigInt(BLOCKS), count));
  return [...texts.map(([from, to]) => withTextForged(bytes, from, to)), ...counts];
}
