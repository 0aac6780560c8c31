import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { qcow2File } from '#rebase/apply/qcow2-file.js';
import { qcow2Bytes } from '#rebase/qcow2-size.js';
import { deterministicBytes, runTool } from '../../fixtures/index.js';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-qcow2-'));
});

afterAll(() => rm(directory, { recursive: true }));

const at = (name: string) => join(directory, name);

interface Case {
  readonly clusterSize: number;
  readonly virtualSize: number;
  readonly data: readonly number[];
  readonly zeros: readonly number[];
  readonly hasBase: boolean;
}

const range = (start: number, end: number) => Array.from({ length: end - start }, (_, index) => start + index);

test.each<[string, Case]>([
  ['no data and a backing file', { clusterSize: 65_536, virtualSize: 2 ** 20, data: [], zeros: [], hasBase: true }],
  ['a disk of 0 bytes', { clusterSize: 65_536, virtualSize: 0, data: [], zeros: [], hasBase: false }],
  [
    'an incomplete last cluster',
    { clusterSize: 65_536, virtualSize: 200_192, data: [0, 3], zeros: [1], hasBase: true },
  ],
  [
    'several refcount blocks',
    { clusterSize: 4096, virtualSize: 2 ** 25, data: range(5, 6000), zeros: [], hasBase: false },
  ],
  [
    'a refcount table of two clusters',
    { clusterSize: 4096, virtualSize: 2 ** 33, data: range(0, 9), zeros: range(9, 2 ** 20), hasBase: true },
  ],
  [
    'L2 tables far apart',
    { clusterSize: 65_536, virtualSize: 2 ** 42, data: [0, 2 ** 20, 2 ** 26 - 1], zeros: [2 ** 21], hasBase: true },
  ],
  ['large clusters', { clusterSize: 2 ** 21, virtualSize: 2 ** 24 + 512, data: [1, 8], zeros: [2], hasBase: true }],
])('qemu reads an image with %s as written', async (_title, { clusterSize, virtualSize, data, zeros, hasBase }) => {
  const base = { path: at('base.raw'), format: 'raw' };
  await writeFile(base.path, deterministicBytes('base', 300_000));
  const read = async (cluster: number, target: Uint8Array) => {
    const length = Math.min(clusterSize, virtualSize - cluster * clusterSize);
    target.set(deterministicBytes(String(cluster), Math.min(length, 1000)));
  };
  const backing = hasBase ? base : undefined;
  const path = at('new.qcow2');
  const file = await open(path, 'w');
  for await (const chunk of qcow2File({ clusterSize, virtualSize, backing, data, zeros, read })) {
    await file.appendFile(chunk);
  }
  const { size } = await file.stat();
  await file.close();

  await runTool('qemu-img', ['check', '-q', '-f', 'qcow2', path]);
  const { stdout } = await runTool('qemu-img', ['info', '--output=json', '-f', 'qcow2', path]);
  expect(JSON.parse(stdout)).toMatchObject({
    'virtual-size': virtualSize,
    'cluster-size': clusterSize,
    ...(hasBase && { 'backing-filename': base.path, 'backing-filename-format': 'raw' }),
  });
  const tables = new Set([...data, ...zeros].map((cluster) => Math.floor(cluster / (clusterSize / 8)))).size;
  const predicted = qcow2Bytes({ clusterSize, virtualSize, dataClusters: data.length, tables });
  expect(Math.abs(size - predicted)).toBeLessThanOrEqual(clusterSize);
  for (const cluster of [...data.slice(0, 3), ...data.slice(-1), ...zeros.slice(0, 2), ...zeros.slice(-1)]) {
    const start = cluster * clusterSize;
    const length = Math.min(1000, virtualSize - start);
    const expected = data.includes(cluster) ? deterministicBytes(String(cluster), length) : new Uint8Array(length);
    expect(await bytesByQemu(path, start, length)).toEqual(Buffer.from(expected));
  }
  if (hasBase && virtualSize > 3 * 65_536 && !data.includes(2) && !zeros.includes(2) && clusterSize === 65_536) {
    expect(await bytesByQemu(path, 2 * 65_536, 1000)).toEqual(
      Buffer.from(deterministicBytes('base', 300_000)).subarray(2 * 65_536, 2 * 65_536 + 1000),
    );
  }
});

async function bytesByQemu(path: string, start: number, length: number): Promise<Buffer> {
  // The count of qemu-img dd includes the sectors that it skips.
  const sectors = ['bs=512', `skip=${start / 512}`, `count=${Math.ceil((start + length) / 512)}`];
  await runTool('qemu-img', ['dd', '-f', 'qcow2', '-O', 'raw', `if=${path}`, `of=${at('part')}`, ...sectors]);
  const content = await readFile(at('part'));
  await rm(at('part'));
  return content.subarray(0, length);
}

test('a backing file whose path is too long for the format is refused', async () => {
  const backing = { path: `/${'long/'.repeat(300)}base.raw`, format: 'raw' };
  const source = { clusterSize: 65_536, virtualSize: 512, backing, data: [], zeros: [], read: async () => {} };
  await expect(qcow2File(source).next()).rejects.toMatchObject({ code: 'usage' });
});
