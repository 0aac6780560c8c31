import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

/** Modules that start processes: child_process, cluster, and the package execa. */
const STARTS_PROCESSES = /['"](?:(?:node:)?child_process|node:cluster|execa)['"]/;

/** Returns the source files that match, sorted, of all packages except testing. */
async function sourcesWith(pattern: RegExp): Promise<string[]> {
  // The contract suites in the package testing start processes themselves.
  const packages = (await readdir('packages')).filter((name) => name !== 'testing');
  const matching: string[] = [];
  for (const name of packages) {
    const source = join('packages', name, 'src');
    const files = await readdir(source, { recursive: true }).catch(() => []);
    for (const file of files.filter((each) => /\.[cm]?[jt]s$/.test(each))) {
      if (pattern.test(await readFile(join(source, file), 'utf8'))) {
        matching.push(join(source, file));
      }
    }
  }
  return matching.sort();
}

test('only child-tool.ts, which limits and confines processes, and open-in-browser.ts start processes', async () => {
  expect(await sourcesWith(STARTS_PROCESSES)).toEqual([
    // The browser belongs to the user: it gets the user's environment, and continues when the command has ended.
    'packages/cli/src/output/open-in-browser.ts',
    'packages/image-tools/src/processes/child-tool.ts',
  ]);
});

test('only spawn-tool.ts and the check of the sandbox call ChildTool.start', async () => {
  expect(await sourcesWith(/ChildTool\.start/)).toEqual([
    'packages/image-tools/src/processes/spawn-tool.ts',
    'packages/image-tools/src/processes/working-sandbox.ts',
  ]);
});
