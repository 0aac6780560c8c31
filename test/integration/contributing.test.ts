import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runTool } from '../fixtures/run-tool.js';

/** A file in the steps: its path, and its text or the changes to it. */
interface Step {
  readonly path: string;
  readonly language: string;
  readonly text: string;
}

/** Runs the contract suites of the added parts. Prints each failure, then how many tests passed. */
const SUITES = `
import { readFile, stat } from 'node:fs/promises';
import { diskReaderContract, distanceMetricContract, vectorStoreContract } from '@virt-similarity/testing';
import { BoundedVectorStore, MemoryVectorStore } from '@virt-similarity/core';
import { DiceMetric } from './packages/core/dist/distance/metrics/dice.js';
import { HexReader } from './packages/readers/dist/hex/hex-reader.js';

const content = Buffer.from(await readFile('disk.hex', 'utf8'), 'hex');
const image = { source: { path: 'disk.hex' }, options: { allowedDirectories: [] }, content };
const suites = [
  distanceMetricContract(() => new DiceMetric()),
  diskReaderContract(async () => ({ reader: new HexReader(), image })),
  vectorStoreContract(() => new BoundedVectorStore(new MemoryVectorStore(), 2)),
];
let passed = 0;
for (const { title, run } of suites.flat()) {
  try {
    await run();
    passed++;
  } catch (error) {
    console.log(title, error);
  }
}
console.log(passed, 'of', suites.flat().length);
`;

const root = process.cwd();
let directory: string;
let steps: readonly Step[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'contributing-'));
  for (const name of ['package.json', 'tsconfig.base.json', 'packages', 'scripts']) {
    await cp(join(root, name), join(directory, name), { recursive: true, verbatimSymlinks: true });
  }
  // Creates hard links if the directory is on the same file system, and copies otherwise.
  await runTool('sh', ['-c', 'cp -al "$0" "$1" || cp -a "$0" "$1"', join(root, 'node_modules'), directory]);
  const guide = await readFile('CONTRIBUTING.md', 'utf8');
  const blocks = guide.matchAll(/^`(?<path>[^`\n]+)`:\n\n```(?<language>ts|diff)\n(?<text>.*?)^```$/gms);
  steps = [...blocks].map(({ groups }) => groups as unknown as Step);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

/** Applies the changes of a step. `@@` separates its hunks. The old lines of a hunk must occur once in the file. */
function applied(text: string, { path, text: changes }: Step): string {
  return changes.split(/^@@\n/m).reduce((file, hunk) => {
    const lines = hunk.split('\n').filter((line) => line !== '');
    const linesWith = (marks: string) => lines.filter((line) => marks.includes(line[0]!)).map((line) => line.slice(1));
    const before = linesWith(' -').join('\n');
    if (file.split(before).length !== 2) {
      throw new Error(`expected once in ${path}: ${before}`);
    }
    return file.replace(before, () => linesWith(' +').join('\n'));
  }, text);
}

function inDirectory(command: string, ...words: readonly string[]): Promise<string> {
  return runTool('env', ['--chdir', directory, command, ...words]).then(({ stdout }) => stdout);
}

describe('the steps of CONTRIBUTING.md', () => {
  test('add one file and change one file for each part', () => {
    expect(steps.map(({ language }) => language)).toEqual(['ts', 'diff', 'ts', 'diff', 'ts', 'diff', 'ts', 'diff']);
  });

  test('add a metric, a reader, a store and a command that work and meet their contracts', async () => {
    for (const step of steps) {
      const path = join(directory, step.path);
      await mkdir(dirname(path), { recursive: true });
      const text = step.language === 'ts' ? step.text : applied(await readFile(path, 'utf8'), step);
      await writeFile(path, text);
    }
    await inDirectory('npx', 'tsc', '-b', 'packages/cli', 'packages/testing');
    await inDirectory('node', 'scripts/bundle.mjs');
    const command = join('packages', 'cli', 'bin', 'virt-similarity.js');
    expect(await inDirectory('node', command, 'readers')).toBe('auto\nhex\nnbd\nraw\nqemu\nlibguestfs\n');

    const disks = { disk: Buffer.alloc(1024, 1), other: Buffer.alloc(1024, 1).fill(2, 512) };
    for (const [name, content] of Object.entries(disks)) {
      await writeFile(join(directory, `${name}.hex`), content.toString('hex'));
    }
    const options = ['--no-cache', '-q', '--block-size=512', '--metric=dice', '-O', 'json'];
    const report = JSON.parse(await inDirectory('node', command, ...options, 'disk.hex', 'other.hex'));
    expect(report).toMatchObject({ parameters: { metric: 'dice' }, distances: [0.5] });

    await writeFile(join(directory, 'suites.mjs'), SUITES);
    const result = await inDirectory('node', '-C', 'unbundled', 'suites.mjs');
    expect(result).toMatch(/^(?<passed>\d+) of \k<passed>\n$/);
  });
});
