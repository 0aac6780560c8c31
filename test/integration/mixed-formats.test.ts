import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Analysis, createAnalyzer, type DiskSource } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import { areIdentical, convertedContent, differingBlocks, type MixedDisk, mixedDiskSet } from '../fixtures/index.js';

const BLOCK_SIZE = 65_536;
const analyzer = createAnalyzer({ plugins: [readers, hashers] });

let directory: string;
let disks: readonly MixedDisk[];
/** The content of each disk, computed without the project's code. */
let contents: readonly Buffer[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-mixed-'));
  disks = await mixedDiskSet(directory);
  contents = await Promise.all(disks.map(convertedContent));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Returns every pair of numbers below `size`, in the order of a condensed matrix. */
function pairs(size: number): [number, number][] {
  const numbers = [...Array(size).keys()];
  return numbers.flatMap((i) => numbers.slice(i + 1).map((j): [number, number] => [i, j]));
}

/** Returns the value of each pair by the names of its images, so that a failed assertion names the pair. */
function named(chosen: readonly MixedDisk[], values: Iterable<number | boolean>): Record<string, number | boolean> {
  const list = [...values];
  const title = ({ path }: MixedDisk): string => basename(path);
  return Object.fromEntries(
    pairs(chosen.length).map(([i, j], k) => [`${title(chosen[i]!)} – ${title(chosen[j]!)}`, list[k] ?? Number.NaN]),
  );
}

function bruteForce(chosen: readonly MixedDisk[]): Record<string, number | boolean> {
  const content = chosen.map((disk) => contents[disks.indexOf(disk)]!);
  return named(
    chosen,
    pairs(chosen.length).map(([i, j]) => differingBlocks(content[i]!, content[j]!, BLOCK_SIZE)),
  );
}

async function analyzed(chosen: readonly MixedDisk[], reader: string): Promise<Analysis> {
  const sources: DiskSource[] = chosen.map(({ path, format }) => ({ path, format }));
  return analyzer.analyze(sources, { reader, cache: false, jobs: 2 });
}

describe('twenty images of mixed formats and chains', () => {
  test.each(['auto', 'qemu', 'libguestfs'])(
    'have the distances of their converted contents with reader %s',
    async (reader) => {
      const analysis = await analyzed(disks, reader);
      expect(analysis.failures).toEqual([]);
      expect(named(disks, analysis.distances.values)).toEqual(bruteForce(disks));
    },
    300_000,
  );

  test('have the distances of their contents with reader raw, if they are raw', async () => {
    const raw = disks.filter(({ format }) => format === 'raw');
    const analysis = await analyzed(raw, 'raw');
    expect(named(raw, analysis.distances.values)).toEqual(bruteForce(raw));
  });

  test('have distance 0 exactly if qemu-img compare finds them identical', async () => {
    const analysis = await analyzed(disks, 'auto');
    const zero = [...analysis.distances.values].map((distance) => distance === 0);
    const identical: boolean[] = [];
    for (const [i, j] of pairs(disks.length)) {
      identical.push(await areIdentical(disks[i]!, disks[j]!));
    }
    expect(named(disks, zero)).toEqual(named(disks, identical));
  });

  test('have the right distances if no format is stated', async () => {
    const analysis = await analyzer.analyze(
      disks.map(({ path }) => path),
      { cache: false },
    );
    expect(analysis.failures).toEqual([]);
    expect(named(disks, analysis.distances.values)).toEqual(bruteForce(disks));
  });
});
