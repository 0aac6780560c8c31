import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

/** The root of the repository. The path is relative to test/dist/unit/cli, where this file is compiled. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

test('generated documents, manuals and completion scripts are up to date (npm run docs updates them)', async () => {
  const words = ['-C', 'unbundled', 'scripts/docs.mjs', 'list'];
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: ROOT, maxBuffer: 16 * 2 ** 20 });
  const files = Object.entries(JSON.parse(stdout) as Record<string, string>);
  for (const [path, content] of files) {
    expect({ path, content: await readFile(ROOT + path, 'utf8') }).toEqual({ path, content });
  }
  for (const folder of ['packages/cli/man', 'packages/cli/completions']) {
    const names = await readdir(ROOT + folder);
    expect(names.map((name) => `${folder}/${name}`).filter((path) => !files.some(([each]) => each === path))).toEqual(
      [],
    );
  }
});

test('package.json lists every manual page', async () => {
  const { man } = JSON.parse(await readFile(`${ROOT}packages/cli/package.json`, 'utf8'));
  const pages = await readdir(`${ROOT}packages/cli/man`);
  expect(man).toEqual(pages.sort().map((page) => `./man/${page}`));
});
