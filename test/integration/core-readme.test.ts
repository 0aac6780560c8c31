import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { hashVectorOf, writeHashVector } from '@virt-similarity/core';

const ROOT = process.cwd();
const BLOCK = 65_536;

let directory: string;

beforeEach(async () => {
  // In the checkout, so that Node.js resolves the packages by name.
  directory = await mkdtemp(join(ROOT, 'test/dist/core-readme-'));
  const contents = { a: [1, 2, 3, 0], b: [1, 2, 4], c: [5, 6, 7, 8] };
  for (const [name, blocks] of Object.entries(contents)) {
    const bytes = Buffer.concat(blocks.map((byte) => Buffer.alloc(BLOCK, byte)));
    await writeFile(join(directory, `${name}.raw`), bytes);
    const data = blocks.filter((byte) => byte !== 0);
    const header = { name, algorithm: 'byte', digestLength: 1, blockSize: BLOCK, virtualSize: bytes.length };
    const vector = hashVectorOf(header, Uint32Array.from(data.keys()), Uint8Array.from(data));
    await writeHashVector(vector, join(directory, `${name}.arrow`));
  }
});

afterEach(() => rm(directory, { recursive: true }));

describe("the core's README", () => {
  test('analyses images in all stages', async () => {
    const output = await run('analyzer.analyze(');
    expect(output).toContain('--- a.raw');
    expect(output.trimEnd().split('\n').at(-1)).toMatch(/\+-+ c\.raw/);
    expect(await readdir(join(directory, 'similarity-cache'))).toHaveLength(3);
  });

  test('compares vectors', async () => {
    expect(await run('compareVectors(')).toBe('3 images, distances 1 4 4\n');
  });

  test('compares one vector with others', async () => {
    expect(await run('comparePositionsBetween(')).toBe('distances of c to a and b: 4 4\n');
  });

  test('compares one vector with an index of others', async () => {
    expect(await run('VectorIndex.of(')).toBe('distances of c to a and b: 4 4\n');
  });

  test('hashes one image into a file', async () => {
    expect(await run('hashImage(')).toBe('a.raw: 3 blocks that are not zero, by sha256\n');
  });

  test('extends an analysis of vectors with a vector from bytes', async () => {
    expect(await run('analyzer.extend(')).toMatch(/\+-+ a\n.*\+-+ b\n.*\+-+ c\n/s);
  });

  test('clusters a matrix and reports it', async () => {
    expect(await run('analyzeDistances(')).toBe('((a:1,b:1):2.5,c:3.5);\n');
  });

  test('clusters distances row by row', async () => {
    expect(await run('new SingleLinkage(')).toBe('[ 1, 2, 8, 18 ]\n');
  });

  test('formats an error in two ways', async () => {
    const messages = ["a.qcow2 is not raw; choose `reader: 'qemu'`", 'a.qcow2 is not raw; choose --reader qemu'];
    expect(await run('plainText(')).toBe(messages.map((message) => `${message}\n`).join(''));
  });

  test('has no other examples', async () => {
    expect(await examples()).toHaveLength(9);
  });
});

/** Runs the only example that contains this call, and returns its output. */
async function run(call: string): Promise<string> {
  const [example, ...others] = (await examples()).filter((code) => code.includes(call));
  expect(others).toEqual([]);
  const program = ['--input-type=module', '--eval', example!];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, program, { cwd: directory });
  expect(stderr).toBe('');
  return stdout;
}

async function examples(): Promise<string[]> {
  const readme = await readFile(join(ROOT, 'packages/core/README.md'), 'utf8');
  return [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code!);
}
