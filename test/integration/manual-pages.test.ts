import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

/** The URL is relative to the compiled file, which is in test/dist/integration. */
const PAGES = fileURLToPath(new URL('../../../packages/cli/man/', import.meta.url));
const [, ...OTHERS] = readdirSync(PAGES).toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1));

describe.each(readdirSync(PAGES))('the manual page %s', (page) => {
  test.each([
    ['mandoc', ['-T', 'lint', '-W', 'style']],
    ['groff', ['-ww', '-man', '-T', 'utf8', '-z']],
  ])('has no warning of %s', (program, options) => {
    const { status, stdout, stderr } = spawnSync(program, [...options, join(PAGES, page)], { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});

test('the manual page of the program has all sections, and shows options and commands as they are typed', () => {
  const text = rendered('virt-similarity.1');
  const titles = ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'EXAMPLES', 'OPTIONS', 'COMMANDS', 'EXIT STATUS', 'ENVIRONMENT'];
  expect(text.match(/^[A-Z ]+$/gm)?.map((line) => line.trim())).toEqual([...titles, 'FILES', 'SEE ALSO']);
  expect(text).toContain('virt-similarity - show which images were cloned from which\n');
  expect(text).toMatch(/^ +-O, --output-format name$/m);
  expect(text).toMatch(/^ +find \. -name '\*\.qcow2' \| virt-similarity -$/m);
  for (const page of OTHERS) {
    expect(text).toContain(`${page.replace(/\.1$/, '')}(1)`);
  }
});

/** Returns a page as a terminal shows it, without bold and italics. */
function rendered(page: string): string {
  const options = ['-man', '-T', 'utf8', '-P', '-cbou', '-rLL=200n', join(PAGES, page)];
  return spawnSync('groff', options, { encoding: 'utf8' }).stdout;
}
