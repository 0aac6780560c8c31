import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { HashVectorCache, openHashVector } from '@virt-similarity/core';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { forgedNumbers } from '../../fixtures/forged-numbers.js';
import { expectContent } from '../expect-content.js';
import type { CommandLine, FaultCase, Trial } from '../fault-case.js';
import { type EntryFile, onlyEntry, replaceByForgery, withTextForged } from '../inputs/cache-entry.js';
import type { Stage } from '../stage.js';

/** A number of blocks that differs from all other numbers in a hash-vector file. */
const BLOCKS = 77;
const BLOCK = 65_536;
const READ_AGAIN = /warning: .*the image is read again/;

/** Replaces an entry with other bytes. Returns the path of the new entry. */
type Corrupt = (entry: EntryFile, bytes: Buffer) => Promise<string>;

/**
 * Returns a case of bad cache entries. The library looks up every variant, but the command only the first, the middle
 * and the last variant.
 */
function corrupted(
  number: number,
  title: string,
  variantsOf: (bytes: Buffer) => Buffer[],
  corrupt: Corrupt,
): FaultCase {
  return {
    number,
    title: `cache: reads the image again instead of using an entry ${title}`,
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
      const corruptWith = (pick: (variants: Buffer[]) => Buffer | undefined) => async () => {
        const entry = await remember();
        await corrupt(entry, pick(variantsOf(entry.bytes)) ?? entry.bytes);
      };
      const runs = [
        stage.hash([image]),
        { ...stage.hash([image]), before: corruptWith((variants) => variants[0]) },
        { ...stage.hash([image]), before: corruptWith((variants) => variants[variants.length >> 1]) },
        { ...stage.analyze([image]), before: corruptWith((variants) => variants.at(-1)) },
      ];
      return checkedBy(stage, image, runs, async () => {
        const entry = await remember();
        await tryAll(stage, entry, variantsOf(entry.bytes), corrupt);
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

/** Requires that the cache does not return any variant of the entry, and warns exactly once about each variant. */
async function tryAll(stage: Stage, entry: EntryFile, variants: readonly Buffer[], corrupt: Corrupt): Promise<void> {
  const { identity, algorithm, hasherVersion, blockSize } = await openHashVector(entry.path);
  assert.ok(identity !== undefined && hasherVersion !== undefined, 'an entry has an identity and a hasher version');
  for (const [index, variant] of variants.entries()) {
    const path = await corrupt(entry, variant);
    const warnings: string[] = [];
    const cache = new HashVectorCache(stage.cache, (message) => warnings.push(message));
    assert.equal(
      await cache.find({ identity, algorithm, hasherVersion, blockSize }),
      undefined,
      `variant ${index} is found`,
    );
    assert.equal(warnings.length, 1, `warnings of variant ${index}`);
    // The cache can have removed the bad entry already.
    await rm(path, { force: true });
  }
}

const inPlace: Corrupt = async ({ path }, bytes) => {
  await writeFile(path, bytes);
  return path;
};
const forged: Corrupt = replaceByForgery;

/** Cache entries that were corrupted or forged. */
export const CACHE_ENTRIES: readonly FaultCase[] = [
  corrupted(43, 'with a flipped bit in any byte', flipped, inPlace),
  corrupted(
    44,
    'of any shorter length',
    (bytes) => Array.from(bytes, (_, length) => bytes.subarray(0, length)),
    inPlace,
  ),
  corrupted(
    45,
    'with appended bytes',
    (bytes) =>
      [1, 8, BLOCK].map((length) => Buffer.concat([bytes, Buffer.alloc(length)])).concat(Buffer.concat([bytes, bytes])),
    inPlace,
  ),
  corrupted(46, 'with forged metadata and the matching SHA-256 in its name', withForgedMetadata, forged),
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
