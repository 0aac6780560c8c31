import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

/** This file is compiled to test/dist/unit/cli. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

test('docs/commands.md matches the option table (npm run docs updates it)', async () => {
  const words = ['-C', 'unbundled', 'scripts/commands-page.mjs'];
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: ROOT });
  expect(await readFile(`${ROOT}docs/commands.md`, 'utf8')).toBe(stdout);
});
