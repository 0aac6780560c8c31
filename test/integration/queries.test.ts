import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as flechette from '@uwdata/flechette';
import { tableFromIPC } from 'apache-arrow';
import { COMMAND } from '../fixtures/command.js';

const PAGE = new URL('../../../docs/queries.md', import.meta.url);
const BLOCK = 65_536;
/** Images by name, in the order in which DuckDB sorts the names. Each number is the byte that fills a block. */
const IMAGES: Readonly<Record<string, readonly number[]>> = {
  'a.raw': [1, 2, 3, 4, 5, 0, 7, 7, 7],
  'b.raw': [1, 2, 3, 4, 6, 0, 7, 7],
  'c "q", 1.raw': [9, 8, 7, 0, 0, 0, 1, 5, 5, 5, 5, 2],
  'd.raw': [7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
  'e.raw': [40, 41],
};
const NAMES = Object.keys(IMAGES);

let directory: string;
let statements: readonly string[];
let connection: DuckDBConnection;

async function run(...words: readonly string[]): Promise<string> {
  const [node, ...main] = COMMAND;
  const options = { cwd: directory, encoding: 'utf8' } as const;
  return (await promisify(execFile)(node, [...main, ...words, ...NAMES], options)).stdout;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-queries-'));
  for (const [name, blocks] of Object.entries(IMAGES)) {
    await writeFile(join(directory, name), Buffer.concat(blocks.map((value) => Buffer.alloc(BLOCK, value))));
  }
  await run('hash', '-q', '--no-cache', '-o', 'v.parquet');
  await run('hash', '-q', '--no-cache', '--hex', '-o', 'hex.parquet');
  const page = await readFile(PAGE, 'utf8');
  statements = [...page.matchAll(/^```sql\n(.*?)^```$/gms)].map(([, text]) =>
    text!.replaceAll("'v.parquet'", `'${directory}/v.parquet'`),
  );
  connection = await (await DuckDBInstance.create(':memory:')).connect();
  await query(statements[0]!);
}, 120_000);

afterAll(async () => {
  connection.closeSync();
  await rm(directory, { recursive: true, force: true });
});

async function query(statement: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(statement)).getRowsJS() as unknown[][];
}

async function distancesBy(metric: string): Promise<[string, string, number][]> {
  const lines = (await run('-q', '--no-cache', '-O', 'json', '--metric', metric)).toString();
  const { images, distances } = JSON.parse(lines) as { images: { name: string }[]; distances: number[] };
  return images.flatMap(({ name }, row) =>
    images.slice(row + 1).map((other): [string, string, number] => [name, other.name, distances.shift()!]),
  );
}

describe('the queries of docs/queries.md', () => {
  test.each([
    ['hamming', 1],
    ['hamming-fraction', 2],
    ['jaccard', 2],
    ['containment', 3],
    ['shared-content', 4],
    ['shared-blocks', 5],
  ])('return the same distances as the command, by %s', async (metric, statement) => {
    const rows = (await query(statements[statement]!)).map(([image, other, distance]) => [
      image,
      other,
      expect.closeTo(Number(distance), 12),
    ]);
    expect(await distancesBy(metric)).toEqual(rows);
  });

  test('find blocks that many images have, and blocks that only one image has', async () => {
    expect((await query(statements[6]!))[0]?.[1]).toBe(4n);
    expect(await query(statements[7]!)).toEqual(
      [
        ['b.raw', 1n],
        ['c "q", 1.raw', 2n],
        ['e.raw', 2n],
      ].toSorted(),
    );
    expect(statements).toHaveLength(8);
  });

  test('read the same digests from hexadecimal text', async () => {
    const hex = await query(`SELECT image, block, hash FROM '${directory}/hex.parquet' ORDER BY image, block`);
    const bytes = await query(
      `SELECT image, block, lower(hex(hash)) FROM '${directory}/v.parquet' ORDER BY image, block`,
    );
    expect(hex).toEqual(bytes);
    expect(hex).toHaveLength(
      Object.values(IMAGES)
        .flat()
        .filter((value) => value !== 0).length,
    );
  });
});

describe('Arrow reports', () => {
  test('contain every pair for flechette and apache-arrow, and the square matrix for flechette', async () => {
    await run('-q', '--no-cache', '-o', 'distances.arrow', '-o', 'x.report.arrow', '--clusters', '2');
    const expected = await distancesBy('hamming');
    const pairs = await readFile(join(directory, 'distances.arrow'));
    const rows = flechette.tableFromIPC(pairs, { useProxy: false }).toArray() as Record<string, unknown>[];
    expect(rows.map(({ image, other, distance }) => [image, other, distance])).toEqual(expected);
    expect(rows[0]).toMatchObject({ blocks: 8, other_blocks: 7 });
    expect(
      tableFromIPC(pairs)
        .toArray()
        .map(({ image, other, distance }) => [image, other, distance]),
    ).toEqual(expected);

    const report = await readFile(join(directory, 'x.report.arrow'));
    const images = flechette.tableFromIPC(report).toArray() as Record<string, unknown>[];
    expect(images.map(({ image }) => image)).toEqual(NAMES);
    const matrix = images.map(({ distances }) => [...(distances as Iterable<number>)]);
    for (const [image, other, distance] of expected) {
      const [row, column] = [NAMES.indexOf(image), NAMES.indexOf(other)];
      expect([matrix[row]![column], matrix[column]![row], matrix[row]![row]]).toEqual([distance, distance, 0]);
    }
    expect(new Set(images.map(({ cluster }) => cluster)).size).toBe(2);
    expect(tableFromIPC(report).schema.metadata.get('virt-similarity.metric')).toBe('hamming');
  });

  test('are not taken for hash vectors in directories', async () => {
    const [node, ...main] = COMMAND;
    const words = [...main, '-v', '--no-cache', '-O', 'csv', '.'];
    const { stdout, stderr } = await promisify(execFile)(node, words, { cwd: directory, encoding: 'utf8' });
    expect(stdout.split('\n')).toHaveLength(NAMES.length + 2);
    expect(stderr).toContain('2 reports of distances');
  });
});
