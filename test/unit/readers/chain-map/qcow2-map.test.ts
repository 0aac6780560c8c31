import { describe, expect, test } from '@jest/globals';
import { qcow2Geometry } from '#readers/chain-map/qcow2-geometry.js';
import { Qcow2Map } from '#readers/chain-map/qcow2-map.js';
import { NO_HOLES } from '#readers/chain-map/raw-map.js';

const CLUSTER = 65_536;
const COPIED = 1n << 63n;
const COMPRESSED = 1n << 62n;

interface MapChanges {
  readonly version?: number;
  readonly features?: number;
  readonly l1?: bigint;
  readonly size?: number;
}

/** Returns the map of a file of four clusters: header, L1 table, L2 table that starts with these words, and data. */
function mapOf(words: readonly bigint[], changes: MapChanges = {}): Qcow2Map {
  const file = Buffer.alloc(4 * CLUSTER);
  file.writeUInt32BE(changes.version ?? 3, 4);
  file.writeUInt32BE(16, 20);
  file.writeUInt32BE(1, 36);
  file.writeBigUInt64BE(BigInt(CLUSTER), 40);
  file.writeUInt32BE(changes.features ?? 0, 76);
  file.writeBigUInt64BE(changes.l1 ?? COPIED | BigInt(2 * CLUSTER), CLUSTER);
  for (const [index, word] of words.entries()) {
    file.writeBigUInt64BE(word, 2 * CLUSTER + 8 * index);
  }
  const read = async (position: number, length: number) => file.subarray(position, position + length);
  const call = { component: 'qemu', image: 'a.qcow2' };
  return new Qcow2Map(
    { path: '/images/a.qcow2', name: 'a.qcow2', size: file.length, holes: NO_HOLES, read, errorContext: call },
    qcow2Geometry(file)!,
    changes.size ?? 2 ** 20,
  );
}

const EXTENDED = 1 << 4;

describe('a qcow2 image', () => {
  test.each([
    ['whose L2 table is past the end of the file', [], { l1: BigInt(4 * CLUSTER) }],
    ['whose L2 table is not aligned to a cluster', [], { l1: BigInt(CLUSTER + 512) }],
    ['whose data is not aligned to a cluster', [COPIED | BigInt(3 * CLUSTER + 512)], {}],
    ['of version 2 with a cluster that reads as zeros', [1n], { version: 2 }],
    ['whose compressed cluster is past the end of the file', [COMPRESSED | BigInt(4 * CLUSTER)], {}],
    [
      'whose compressed cluster ends past the end of the file',
      [COMPRESSED | (1n << 54n) | BigInt(4 * CLUSTER - 100)],
      {},
    ],
    ['with an allocated subcluster without an offset', [0n, 1n], { features: EXTENDED }],
    [
      'with a subcluster that is both allocated and zero',
      [BigInt(3 * CLUSTER), (1n << 32n) | 1n],
      { features: EXTENDED },
    ],
  ])('%s is corrupt', async (_, words, changes) => {
    await expect((async () => mapOf(words, changes).runAt(0, 2 ** 20))()).rejects.toMatchObject({
      code: 'corrupt',
      image: 'a.qcow2',
    });
  });
});

describe('a run of a qcow2 image', () => {
  test('starts and ends at the requested positions', async () => {
    const map = mapOf([COPIED | BigInt(3 * CLUSTER)]);
    expect(await map.runAt(1000, 2000)).toEqual({ kind: 'stored', length: 1000, offset: 3 * CLUSTER + 1000 });
    expect(await map.runAt(CLUSTER, 2 ** 20)).toEqual({ kind: 'unallocated', length: 2 ** 20 - CLUSTER });
  });

  test('has the exact position and size of a compressed cluster', async () => {
    const map = mapOf([COMPRESSED | (2n << 54n) | 100_000n]);
    expect(await map.runAt(10, CLUSTER)).toEqual({
      kind: 'compressed',
      length: CLUSTER - 10,
      cluster: { start: 0, clusterBytes: CLUSTER, offset: 100_000, storedBytes: 3 * 512 - (100_000 % 512) },
    });
  });

  test('continues across missing L2 tables', async () => {
    expect(await mapOf([], { l1: 0n }).runAt(5, 2 ** 20)).toEqual({ kind: 'unallocated', length: 2 ** 20 - 5 });
  });
});

test('images with extended L2 entries and clusters below 16 KiB are left to qemu, which refuses them', () => {
  const header = Buffer.alloc(105);
  header.writeUInt32BE(3, 4);
  header.writeUInt32BE(13, 20);
  header.writeUInt32BE(EXTENDED, 76);
  expect(qcow2Geometry(header)).toBeUndefined();
});

describe('compressed clusters that are counted', () => {
  const words = (count: number, offset: (index: number) => number) =>
    Array.from({ length: count }, (_, index) => COMPRESSED | BigInt(3 * CLUSTER + offset(index)));
  const countedRun = async (map: Qcow2Map) => {
    map.countClusters();
    return await map.runAt(0, map.size);
  };
  /** The number of clusters of the disk, which has 1 MiB. */
  const ALL = 16;

  test('can follow one another closely', async () => {
    expect(await countedRun(mapOf(words(ALL, (index) => index * 4)))).toMatchObject({ length: 2 ** 20 });
  });

  test('count once for all their subclusters', async () => {
    const extended = words(ALL, (index) => index * 4).flatMap((word) => [word, 0n]);
    expect(await countedRun(mapOf(extended, { features: EXTENDED }))).toMatchObject({ kind: 'compressed' });
  });

  test('must not begin in the same bytes more often than clusters can be stored there', async () => {
    const map = mapOf(
      words(8192, () => 0),
      { size: 8192 * CLUSTER },
    );
    await expect(countedRun(map)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        /compressed clusters share the same bytes near byte 196608 of .* convert -O raw first$/,
      ),
    });
    const uncounted = mapOf(
      words(8192, () => 0),
      { size: 8192 * CLUSTER },
    );
    expect(await uncounted.runAt(0, uncounted.size)).toMatchObject({ length: 8192 * CLUSTER });
  });
});
