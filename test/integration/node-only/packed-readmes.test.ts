import { readdir, readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { expect, test } from '@jest/globals';
import { runTool } from '../../fixtures/run-tool.js';

const LINK = /\]\(([^)\s]+)\)/g;
const ABSOLUTE = /^(?:https?:|mailto:|#)/;

/** Returns the paths in the tarball that npm makes of a package. */
async function packedFiles(directory: string): Promise<string[]> {
  const { stdout } = await runTool('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', `./${directory}`]);
  const [{ files }] = JSON.parse(stdout) as [{ readonly files: readonly { readonly path: string }[] }];
  return files.map(({ path }) => path);
}

test('every relative link in the README of a package leads to a file in its tarball', async () => {
  const names = await readdir('packages');
  for (const directory of names.map((name) => `packages/${name}`)) {
    const readme = await readFile(`${directory}/README.md`, 'utf8');
    const links = [...readme.matchAll(LINK)]
      .map(([, target = '']) => target)
      .filter((target) => !ABSOLUTE.test(target));
    const packed = await packedFiles(directory);
    expect(packed).toContain('README.md');
    const targets = links.map((target) => posix.normalize(target.replace(/#.*/, '')));
    expect({ directory, missing: targets.filter((target) => !packed.includes(target)) }).toEqual({
      directory,
      missing: [],
    });
  }
});
