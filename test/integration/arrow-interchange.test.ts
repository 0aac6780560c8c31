import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as flechette from '@uwdata/flechette';
import { type HashVector, hashVectorOf, openHashVector, writeHashVector } from '@virt-similarity/core';
import { RecordBatch, RecordBatchFileWriter, tableFromIPC } from 'apache-arrow';

const METADATA: [string, string][] = [
  ['virt-similarity.format', '1'],
  ['virt-similarity.algorithm', 'md5'],
  ['virt-similarity.block-size', '512'],
  ['virt-similarity.virtual-size', '51200000'],
  ['virt-similarity.name', 'of another program'],
];

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'arrow-interchange-'));
});
afterAll(() => rm(directory, { recursive: true }));

function vectorOf(rows: number, digestLength: number): HashVector {
  const blocks = Uint32Array.from({ length: rows }, (_, row) => row * 2 + 1);
  const digests = Uint8Array.from({ length: rows * digestLength }, (_, index) => (index * 7) & 255);
  const header = { name: 'a "b"\n', algorithm: 'sha256', digestLength, blockSize: 512, virtualSize: 1024 * (rows + 1) };
  return hashVectorOf(header, blocks, digests);
}

async function contentOf(vector: HashVector) {
  const blocks: number[] = [];
  const digests: Uint8Array[] = [];
  for await (const rows of vector.rows()) {
    blocks.push(...rows.blocks);
    digests.push(Uint8Array.from(rows.digests));
  }
  return { blocks, digests: Buffer.concat(digests).toString('hex') };
}

/** Returns a file written by flechette, with changes for the test. */
function written(
  rows: number,
  { metadata = METADATA, maxBatchRows = Infinity, names = ['block', 'hash'], block = flechette.uint32() } = {},
): Uint8Array {
  const digests = Array.from({ length: rows }, (_, row) => Uint8Array.from({ length: 16 }, (_, at) => row + at));
  const columns: Record<string, flechette.Column<unknown>> = {
    block: flechette.columnFromArray(
      Array.from({ length: rows }, (_, row) => row),
      block,
      { maxBatchRows },
    ),
    hash: flechette.columnFromArray(digests, flechette.fixedSizeBinary(16), { maxBatchRows }),
  };
  const entries = names.map((name): [string, flechette.Column<unknown>] => [name, columns[name]!]);
  const table = flechette.tableFromColumns(entries);
  Object.assign(table.schema, { metadata: new Map(metadata) });
  return flechette.tableToIPC(table, { format: 'file' }) as Uint8Array;
}

async function opened(bytes: Uint8Array): Promise<HashVector> {
  const path = join(directory, 'other.arrow');
  await writeFile(path, bytes);
  return openHashVector(path);
}

describe('hash-vector files of this project', () => {
  test.each([
    [0, 32],
    [1, 1],
    [9, 7],
    [8193, 20],
    [20_000, 64],
  ])('are read by flechette: %d rows of %d bytes', async (rows, digestLength) => {
    const vector = vectorOf(rows, digestLength);
    const path = join(directory, 'ours.arrow');
    await writeHashVector(vector, path);
    const table = flechette.tableFromIPC(await readFile(path));
    expect(table.schema.fields.map(({ name, nullable, type }) => [name, nullable, type.typeId])).toEqual([
      ['block', false, flechette.Type.Int],
      ['hash', false, flechette.Type.FixedSizeBinary],
    ]);
    expect(table.schema.metadata?.get('virt-similarity.name')).toBe('a "b"\n');
    expect(table.schema.metadata?.get('virt-similarity.block-size')).toBe('512');
    const digests = Array.from(table.getChild('hash')?.toArray() ?? []) as Uint8Array[];
    expect({
      blocks: Array.from(table.getChild('block')?.toArray() ?? []),
      digests: Buffer.concat(digests).toString('hex'),
    }).toEqual(await contentOf(vector));
  });

  test('contain a complete Arrow stream after the first eight bytes, as readers of streams expect', async () => {
    const path = join(directory, 'ours.arrow');
    await writeHashVector(vectorOf(9000, 16), path);
    const table = flechette.tableFromIPC((await readFile(path)).subarray(8));
    expect(table.numRows).toBe(9000);
  });

  test('are read by apache-arrow', async () => {
    const path = join(directory, 'ours.arrow');
    await writeHashVector(vectorOf(9000, 16), path);
    const table = tableFromIPC(await readFile(path));
    expect(table.batches.map((batch) => batch.numRows)).toEqual([8192, 808]);
    expect(table.schema.metadata.get('virt-similarity.algorithm')).toBe('sha256');
  });
});

describe('hash-vector files of other programs', () => {
  test.each([
    ['one big batch', { maxBatchRows: Infinity }],
    ['many small batches', { maxBatchRows: 7 }],
    ['columns swapped', { names: ['hash', 'block'] }],
  ])('are accepted: %s', async (_, options) => {
    const vector = await opened(written(20_000, options));
    expect(vector).toMatchObject({
      name: 'of another program',
      algorithm: 'md5',
      digestLength: 16,
      blockSize: 512,
      virtualSize: 51_200_000,
      dataBlocks: 20_000,
    });
    expect(vector.identity).toBeUndefined();
    const { blocks, digests } = await contentOf(vector);
    expect(blocks).toEqual(Array.from({ length: 20_000 }, (_, row) => row));
    expect(digests.slice(-32)).toBe(
      Buffer.from(Uint8Array.from({ length: 16 }, (_, at) => 19_999 + at)).toString('hex'),
    );
  });

  test('are named by their paths if they state no name', async () => {
    const vector = await opened(written(2, { metadata: METADATA.slice(0, 4) }));
    expect(vector.name).toBe(join(directory, 'other.arrow'));
  });

  test('are accepted with a validity bitmap without nulls', async () => {
    const table = tableFromIPC(written(10));
    const columns = table.batches[0]!.data.children;
    for (const column of columns) {
      Object.assign(column, { nullBitmap: Uint8Array.of(255, 3, 0, 0, 0, 0, 0, 0), _nullCount: 0 });
    }
    const bytes = RecordBatchFileWriter.writeAll(
      table.batches.map((batch) => new RecordBatch(table.schema, batch.data)),
    );
    const vector = await opened(bytes.toUint8Array(true));
    expect((await contentOf(vector)).blocks).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test.each([
    ['another format', [['virt-similarity.format', '2'], ...METADATA.slice(1)]],
    ['no algorithm', METADATA.filter(([key]) => !key.endsWith('algorithm'))],
    ['a block size that is not a power of two', METADATA.map(([k, v]) => [k, k.endsWith('block-size') ? '513' : v])],
    ['a virtual size that is not a number', METADATA.map(([k, v]) => [k, k.endsWith('virtual-size') ? '1e6' : v])],
    [
      'a virtual size that is too large',
      METADATA.map(([k, v]) => [k, k.endsWith('virtual-size') ? '9007199254740992' : v]),
    ],
    ['a virtual size that is too small', METADATA.map(([k, v]) => [k, k.endsWith('virtual-size') ? '512' : v])],
    ...[
      ['a chain that is not a list', '{"__proto__":[]}'],
      ['a chain without links', '[]'],
      ['a link that is not an object', '[7]'],
      ['a link without a format', '[{"parts":[]}]'],
      ['a link without parts', '[{"format":"raw"}]'],
      ['a link with an unknown volatility', '[{"format":"raw","parts":[],"volatile":"no"}]'],
      ['a part with a forged prototype', '[{"format":"raw","parts":[{"__proto__":{"path":"/a","inode":"1"}}]}]'],
    ].map(([difference, chain]) => [difference, [...METADATA, ['virt-similarity.chain', chain]]]),
  ])('are corrupt with %s', async (_, metadata) => {
    const vector = opened(written(2, { metadata: metadata as [string, string][] }));
    await expect(vector).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('can have metadata named __proto__', async () => {
    const vector = await opened(written(2, { metadata: [['__proto__', 'x'], ...METADATA] }));
    expect(vector.dataBlocks).toBe(2);
    expect(Object.getPrototypeOf(vector)).toBe(Object.prototype);
  });

  test.each([
    ['signed block numbers', written(2, { block: flechette.int32() as never })],
    ['64-bit block numbers', written(2, { block: flechette.uint64() as never })],
    ['one column', written(2, { names: ['hash'] })],
    ['a stream', written(2).subarray(8)],
  ])('are corrupt with %s', async (_, bytes) => {
    await expect(opened(bytes)).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('are corrupt when a row is null', async () => {
    const table = flechette.tableFromArrays(
      { block: [1, null], hash: [new Uint8Array(16), new Uint8Array(16)] },
      { types: { block: flechette.uint32(), hash: flechette.fixedSizeBinary(16) } },
    );
    Object.assign(table.schema, { metadata: new Map(METADATA) });
    const bytes = flechette.tableToIPC(table, { format: 'file' }) as Uint8Array;
    await expect(opened(bytes)).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('are corrupt when their blocks do not ascend', async () => {
    const table = flechette.tableFromArrays(
      { block: [5, 4], hash: [new Uint8Array(16), new Uint8Array(16)] },
      { types: { block: flechette.uint32(), hash: flechette.fixedSizeBinary(16) } },
    );
    Object.assign(table.schema, { metadata: new Map(METADATA) });
    const vector = await opened(flechette.tableToIPC(table, { format: 'file' }) as Uint8Array);
    await expect(contentOf(vector)).rejects.toMatchObject({ code: 'corrupt' });
  });
});
