import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAnalyzer, MemoryVectorStore, type OptionValues, writeHashVector } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import {
  analysisOfDistances,
  blockHasherContract,
  type ContractTest,
  clustererContract,
  commandContract,
  diskOfBlocks,
  diskReaderContract,
  distanceMetricContract,
  HOSTILE_NAMES,
  imageSourceContract,
  MemoryDisksPlugin,
  pluginContract,
  reporterContract,
  reportText,
  sampleAnalysis,
  sampleCaterpillar,
  vectorOfBlocks,
} from '@virt-similarity/testing';
import http, { HttpReader } from '#examples/http-reader.js';
import inventory, { InventorySource } from '#examples/inventory-source.js';
import mebibytes from '#examples/mebibytes-metric.js';
import minimax, { MinimaxClusterer } from '#examples/minimax-clusterer.js';
import nearestCommand, { NearestCommand } from '#examples/nearest-command.js';
import nearestReporter, { NearestReporter } from '#examples/nearest-reporter.js';
import ochiai, { OchiaiMetric } from '#examples/ochiai-metric.js';
import sha512, { Sha512Hasher } from '#examples/sha512-hasher.js';

const DISKS = {
  'memory:a': diskOfBlocks([1, 2, 3, 4]),
  'memory:b': diskOfBlocks([1, 2, 3, 9]),
  'memory:c': diskOfBlocks([1, 9, 9, 9]),
};

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'example-plugins-'));
});
afterAll(() => rm(directory, { recursive: true }));

function runAll(tests: readonly ContractTest[]): void {
  for (const { title, run } of tests) {
    test(title, run);
  }
}

describe.each([
  [nearestReporter, {}],
  [ochiai, {}],
  [mebibytes, { 'block-size': 4096 }],
  [sha512, {}],
  [minimax, {}],
  [http, {}],
  [inventory, { file: 'machines.json' }],
  [nearestCommand, {}],
] as const)('the plugin $name', ({ url }, options: OptionValues) => {
  runAll(pluginContract(url, { options }));
});

describe('the reporter', () => {
  runAll(reporterContract(() => new NearestReporter()));

  test('lists the nearest relative of every image', async () => {
    const analysis = await analysisOfDistances(['a', 'b', 'c'], [2, 8, 6]);
    expect(await reportText(new NearestReporter().report(analysis))).toBe('a\tb\t2\nb\ta\t2\nc\tb\t6\n');
  });

  test('leaves the relative of a single image empty', async () => {
    expect(await reportText(new NearestReporter().report(sampleAnalysis(['alone'], [])))).toBe('alone\t\t\n');
  });

  test('writes one row of three cells for each image, for any names', async () => {
    const text = await reportText(new NearestReporter().report(sampleCaterpillar(HOSTILE_NAMES)));
    const rows = text.split('\n').slice(0, -1);
    expect(rows.map((row) => row.split('\t').length)).toEqual(HOSTILE_NAMES.map(() => 3));
  });
});

describe('the metric', () => {
  runAll(distanceMetricContract(() => new OchiaiMetric()));

  test('is 1 minus the cosine of two sets of blocks', async () => {
    const analyzer = createAnalyzer({ plugins: [ochiai] });
    const vectors = [[1, 2, 3, 4], [1], [0, 0]].map((blocks) => vectorOfBlocks(blocks));
    const { distances } = await analyzer.compare(vectors, { metric: 'ochiai' });
    expect([...distances.values]).toEqual([0.5, 1, 1]);
  });
});

test('the wrapping metric converts blocks to MiB, and notes the size of a block', async () => {
  const notes: string[] = [];
  const logger = { note: (_: string, text: string) => notes.push(text) };
  const analyzer = createAnalyzer({ plugins: [[mebibytes, { 'block-size': 512 * 1024 }]], logger });
  const vectors = [[1, 2, 3], [1]].map((blocks) => vectorOfBlocks(blocks, { blockSize: 512 * 1024 }));
  const { distances, unit } = await analyzer.compare(vectors, { metric: 'hamming' });
  expect({ unit, values: [...distances.values] }).toEqual({ unit: 'MiB', values: [1] });
  expect(notes).toContainEqual(expect.stringContaining('1 block is 0.5 MiB'));
});

describe('the hasher', () => {
  runAll(blockHasherContract(() => new Sha512Hasher()));

  test('computes the digest of "abc" that NIST publishes for SHA-512/256', () => {
    const digest = Buffer.alloc(32);
    new Sha512Hasher().hash(Buffer.from('abc'), digest);
    expect(digest.toString('hex')).toBe('53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23');
  });
});

describe('the clusterer', () => {
  runAll(clustererContract(() => new MinimaxClusterer()));

  test('joins at the radius around the prototype, not at the diameter', async () => {
    const analyzer = createAnalyzer({ plugins: [minimax] });
    // Points 0, 2 and 5 on a line: the prototype of all is 2.
    const distances = { size: 3, values: Float64Array.of(2, 5, 3) };
    const { dendrogram } = await analyzer.cluster(distances, { clusterer: 'minimax', linkage: 'minimax' });
    expect(dendrogram.merges.map(({ height }) => height)).toEqual([2, 3]);
  });
});

describe('the source', () => {
  const machines = { web: { disk: 'web.raw', format: 'raw' }, db: { disk: 'db.raw', format: 'raw' } };
  const setUp = async () => {
    const file = join(directory, 'inventory.json');
    await writeFile(file, JSON.stringify(machines));
    return { source: new InventorySource(file), words: ['web', 'db'] };
  };
  runAll(imageSourceContract(setUp));

  test.each([
    ['inventory:mail', /^expected one of the 2 machines in .*, found 'mail'$/],
    ['inventory:toString', /expected one of the 2 machines/],
  ])('refuses %s', async (word, message) => {
    await setUp();
    const plugins = [[inventory, { file: join(directory, 'inventory.json') }] as const];
    await expect(createAnalyzer({ plugins }).findImages([word])).rejects.toThrow(message);
  });
});

describe('the command', () => {
  const setUp = async () => {
    const analyzer = createAnalyzer({ plugins: [new MemoryDisksPlugin(DISKS), hashers] });
    const files: string[] = [];
    for await (const { path, vector } of analyzer.hash(Object.keys(DISKS))) {
      const file = join(directory, `${path.slice(-1)}.arrow`);
      await writeHashVector(vector!, file);
      files.push(file);
    }
    return { operands: ['memory:a', ...files.sort()], options: { count: 2 }, analyzer };
  };
  runAll(commandContract(() => new NearestCommand(), setUp));
});

describe('the reader', () => {
  const content = Buffer.concat([diskOfBlocks([5, 9, 5]), Buffer.alloc(7, 5)]);
  let origin: string;
  let close: () => void;
  let version = 1;
  let bytesSent = 0;

  beforeAll(async () => {
    const server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    close = () => {
      server.closeAllConnections();
      server.close();
    };
  });

  afterAll(() => close());

  /** Serves ranges of `/disk.raw`, like a web server. */
  function answer(message: IncomingMessage, response: ServerResponse): void {
    const tag = `"${version}"`;
    if (message.url !== '/disk.raw') {
      response.writeHead(404).end();
    } else if (message.headers['if-match'] !== undefined && message.headers['if-match'] !== tag) {
      response.writeHead(412).end();
    } else if (message.method === 'HEAD') {
      response.writeHead(200, { 'content-length': content.length, etag: tag }).end();
    } else {
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(message.headers.range ?? '') ?? [];
      const range = content.subarray(Number(first), Number(last) + 1);
      if (range.length === 0) {
        response.writeHead(416).end();
        return;
      }
      bytesSent += range.length;
      response.writeHead(206, { 'content-length': range.length, etag: tag }).end(range);
    }
  }

  runAll(
    diskReaderContract(async () => ({
      reader: new HttpReader(),
      image: { source: { path: `${origin}/disk.raw` }, options: { allowedDirectories: [] }, content },
    })),
  );

  test('reads an image again only if its entity tag changes', async () => {
    const disks = new MemoryDisksPlugin(DISKS);
    const analyzer = createAnalyzer({ plugins: [http, disks, readers, hashers], store: new MemoryVectorStore() });
    const images = [`${origin}/disk.raw`, 'memory:a'];
    bytesSent = 0;
    const { distances } = await analyzer.analyze(images);
    expect(bytesSent).toBe(content.length);
    await analyzer.analyze(images);
    expect(bytesSent).toBe(content.length);
    version++;
    expect((await analyzer.analyze(images)).distances).toEqual(distances);
    expect(bytesSent).toBe(2 * content.length);
  });
});
