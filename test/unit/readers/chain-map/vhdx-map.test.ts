import { describe, expect, test } from '@jest/globals';
import type { LayerRun } from '#readers/chain-map/layer-map.js';
import { type Holes, NO_HOLES } from '#readers/chain-map/raw-map.js';
import { VhdxMap } from '#readers/chain-map/vhdx-map.js';

const MIB = 2 ** 20;
const BLOCK = 32 * MIB;
const BLOCKS_PER_CHUNK = 128;
/** The state of a block that is stored in the file. */
const STORED = 6n;

interface MapFields {
  readonly blocks: number;
  readonly holes?: Holes;
  /** The number of bytes between the end of the disk and the end of its last block. */
  readonly cut?: number;
}

/** Returns the map of a disk of blocks of 32 MiB, whose block map has these entries; the others are 0. */
function mapOf(entries: Readonly<Record<number, bigint>>, { blocks, holes = NO_HOLES, cut = 0 }: MapFields): VhdxMap {
  const count = blocks + Math.floor((blocks - 1) / BLOCKS_PER_CHUNK);
  const map = Buffer.alloc(count * 8);
  for (const [index, entry] of Object.entries(entries)) {
    map.writeBigUInt64LE(entry, Number(index) * 8);
  }
  const file = {
    path: '/images/a.vhdx',
    name: 'a.vhdx',
    size: 2 ** 40,
    holes,
    read: async (position: number, length: number) => map.subarray(position - MIB, position - MIB + length),
    errorContext: { component: 'qemu', image: 'a.vhdx' },
  };
  const blockMap = { position: BigInt(MIB), length: map.length };
  return new VhdxMap(file, {
    virtualSize: BigInt(blocks * BLOCK - cut),
    blockBytes: BLOCK,
    sectorBytes: 512,
    blockMap,
    regions: [blockMap, { position: BigInt(4 * MIB), length: MIB }, { position: BigInt(6 * MIB), length: 0 }],
    hasLog: false,
  });
}

async function runsOf(map: VhdxMap): Promise<LayerRun[]> {
  const runs: LayerRun[] = [];
  for (let position = 0; position < map.size; position += runs.at(-1)!.length) {
    runs.push(await map.runAt(position, map.size));
  }
  return runs;
}

const at = (mebibytes: number) => (BigInt(mebibytes) << 20n) | STORED;

describe('the map of a vhdx', () => {
  test.each([0n, 1n, 2n, 3n, 5n])('has zeros for blocks in state %d, regardless of their position', async (state) => {
    const map = mapOf({ 0: state, 1: state | (7n << 20n) }, { blocks: 2 });
    expect(await runsOf(map)).toEqual([{ kind: 'zero', length: 2 * BLOCK }]);
  });

  test('joins blocks that are stored one after another, up to the end of the disk', async () => {
    const map = mapOf({ 0: at(40), 1: at(72), 2: at(8), 3: 0n, 4: at(104) }, { blocks: 5, cut: 512 });
    expect(await runsOf(map)).toEqual([
      { kind: 'stored', length: 2 * BLOCK, offset: 40 * MIB },
      { kind: 'stored', length: BLOCK, offset: 8 * MIB },
      { kind: 'zero', length: BLOCK },
      { kind: 'stored', length: BLOCK - 512, offset: 104 * MIB },
    ]);
  });

  test('ignores reserved bits of an entry', async () => {
    const map = mapOf({ 0: at(40) | 0xffff8n }, { blocks: 1 });
    expect(await runsOf(map)).toEqual([{ kind: 'stored', length: BLOCK, offset: 40 * MIB }]);
  });

  test.each([1, 2, 4])(
    'is corrupt if a block at %d MiB contains the block map or other metadata',
    async (mebibytes) => {
      const map = mapOf({ 0: at(mebibytes) }, { blocks: 1 });
      await expect(runsOf(map)).rejects.toMatchObject({ code: 'corrupt' });
      expect(await runsOf(mapOf({ 0: at(5) }, { blocks: 1 }))).toMatchObject([{ kind: 'stored', offset: 5 * MIB }]);
    },
  );

  test('starts and ends at the requested positions, in any order', async () => {
    const map = mapOf({ 1: at(40) }, { blocks: 3 });
    expect(await map.runAt(BLOCK + 100, BLOCK + 200)).toEqual({ kind: 'stored', length: 100, offset: 40 * MIB + 100 });
    expect(await map.runAt(10, 20)).toEqual({ kind: 'zero', length: 10 });
    expect(await map.runAt(2 * BLOCK - 1, 3 * BLOCK)).toEqual({ kind: 'stored', length: 1, offset: 72 * MIB - 1 });
  });

  test('skips the entry of a sector bitmap after each chunk', async () => {
    const map = mapOf({ 127: at(40), 128: at(1000), 129: at(72), 257: at(2000), 258: at(8) }, { blocks: 257 });
    expect(await runsOf(map)).toEqual([
      { kind: 'zero', length: 127 * BLOCK },
      { kind: 'stored', length: 2 * BLOCK, offset: 40 * MIB },
      { kind: 'zero', length: 127 * BLOCK },
      { kind: 'stored', length: BLOCK, offset: 8 * MIB },
    ]);
  });

  test('has the holes of the file', async () => {
    const holes = { starts: [41 * MIB, 90 * MIB], ends: [50 * MIB, 200 * MIB] };
    const map = mapOf({ 0: at(40), 1: at(72) }, { blocks: 2, holes });
    expect(await runsOf(map)).toEqual([
      { kind: 'stored', length: MIB, offset: 40 * MIB },
      { kind: 'zero', length: 9 * MIB },
      { kind: 'stored', length: 40 * MIB, offset: 50 * MIB },
      { kind: 'zero', length: 14 * MIB },
    ]);
  });

  test('is complete although it is read in parts', async () => {
    const entries = Object.fromEntries(
      Array.from({ length: 19_954 }, (_, index) => [index, index % 129 === 128 ? 0n : at(40 + index * 32)]),
    );
    const map = mapOf(entries, { blocks: 19_800 });
    let position = 0;
    for (const run of await runsOf(map)) {
      const index = position / BLOCK + Math.floor(position / BLOCK / BLOCKS_PER_CHUNK);
      expect(run).toMatchObject({ kind: 'stored', offset: (40 + index * 32) * MIB });
      position += run.length;
    }
    expect(position).toBe(map.size);
  });

  test.each([
    ['is only partly present', (40n << 20n) | 7n],
    ['has an unknown state', (40n << 20n) | 4n],
    ['is stored in the header', 6n],
  ])('is corrupt if a block %s', async (_, entry) => {
    await expect(runsOf(mapOf({ 1: entry }, { blocks: 2 }))).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(/for the guest's byte 33554432; check it with qemu-img check$/),
    });
  });
});
