import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

/** What starts processes. Node.js has nothing else that does, but for clusters of itself. */
const STARTS_PROCESSES = /['"](?:(?:node:)?child_process|node:cluster|execa)['"]/;

test('no other file of the packages starts a process than the one that limits, confines and ends them', async () => {
  const packages = await readdir('packages');
  const starting: string[] = [];
  for (const name of packages) {
    const source = join('packages', name, 'src');
    const files = await readdir(source, { recursive: true }).catch(() => []);
    for (const file of files.filter((each) => /\.[cm]?[jt]s$/.test(each))) {
      if (STARTS_PROCESSES.test(await readFile(join(source, file), 'utf8'))) {
        starting.push(join(source, file));
      }
    }
  }
  expect(starting).toEqual(['packages/readers/src/processes/child-tool.ts']);
});

test('and only what spawns tools, or tries the sandbox, uses it', async () => {
  const source = 'packages/readers/src';
  const files = (await readdir(source, { recursive: true })).filter((file) => file.endsWith('.ts'));
  const using: string[] = [];
  for (const file of files) {
    if (/ChildTool\.start/.test(await readFile(join(source, file), 'utf8'))) {
      using.push(file);
    }
  }
  expect(using.sort()).toEqual(['processes/spawn-tool.ts', 'processes/working-sandbox.ts']);
});
