import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const BIOME = resolve('node_modules/@biomejs/biome/bin/biome');
const CRUISER = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const RULES = resolve('.dependency-cruiser.mjs');

/** A directory outside the repository that is checked with the repository's rules. */
let workspace: string;

beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'virt-similarity-lint-'));
});

afterEach(async () => {
  await rm(workspace, { recursive: true, force: true });
});

/** A file, and what it imports: a package, or another file by its relative path. */
type Import = readonly [file: string, specifier: string];

const FORBIDDEN: readonly (readonly [...Import, rule: string])[] = [
  ['packages/core/src/contracts/x.ts', '../vectors/y.js', 'order of core'],
  ['packages/core/src/files/x.ts', '../vectors/y.js', 'order of core'],
  ['packages/core/src/vectors/x.ts', '../store/y.js', 'order of core'],
  ['packages/core/src/composition/x.ts', '../isolation/y.js', 'order of core'],
  ['packages/core/src/store/x.ts', '../hashing/y.js', 'order of core'],
  ['packages/core/src/hashing/x.ts', '../distance/y.js', 'order of core'],
  ['packages/core/src/distance/engine/x.ts', '../../clustering/y.js', 'order of core'],
  ['packages/core/src/clustering/x.ts', '../pipeline/y.js', 'order of core'],
  ['packages/core/src/errors.ts', './pipeline/y.js', 'order of core'],
  ['packages/image-tools/src/processes/x.ts', '../qemu/y.js', 'order of image-tools'],
  ['packages/readers/src/raw/x.ts', '../libguestfs/y.js', 'order of readers'],
  ['packages/cli/src/output/x.ts', '../commands/y.js', 'order of cli'],
  ['packages/core/src/elsewhere/x.ts', '../errors.js', 'place in core'],
  ['packages/core/src/pipeline/x1.ts', '../index.js', 'no index within a package'],
  ['packages/core/src/pipeline/x2.ts', '@virt-similarity/readers', 'direction of packages'],
  ['packages/core/src/pipeline/x3.ts', '@virt-similarity/image-tools', 'direction of packages'],
  ['packages/core/src/index.ts', 'virt-similarity', 'direction of packages'],
  ['packages/image-tools/src/processes/x1.ts', '@virt-similarity/readers', 'direction of packages'],
  ['packages/readers/src/raw/x1.ts', '@virt-similarity/hashers', 'direction of packages'],
  ['packages/readers/src/raw/x2.ts', '@virt-similarity/image-tools/dist/y.js', 'direction of packages'],
  ['packages/hashers/src/x.ts', 'virt-similarity', 'direction of packages'],
  ['packages/hashers/src/x1.ts', '@virt-similarity/image-tools', 'direction of packages'],
  ['packages/reporters/src/x.ts', '@virt-similarity/readers', 'direction of packages'],
  ['packages/testing/src/fixtures/x.ts', '@virt-similarity/readers', 'direction of packages'],
  ['examples/plugins/x.ts', '@virt-similarity/reporters', 'direction of packages'],
  ['packages/readers/src/raw/x3.ts', '../../../core/src/errors.js', 'packages by their names'],
  ['packages/readers/src/raw/x4.ts', '../../../image-tools/src/processes/y.js', 'packages by their names'],
  ['packages/image-tools/src/qemu/x.ts', '../../../readers/src/inspection/y.js', 'packages by their names'],
  ['packages/core/src/hashing/x1.ts', 'node:fs', 'files in their places'],
  ['packages/core/src/identity/x.ts', 'node:fs/promises', 'files in their places'],
  ['packages/image-tools/src/qemu/x1.ts', 'node:fs', 'files in their places'],
  ['packages/readers/src/raw/x5.ts', 'fs', 'files in their places'],
];

const ALLOWED: readonly Import[] = [
  ['packages/core/src/contracts/z.ts', '../errors.js'],
  ['packages/core/src/hashing/z.ts', '../vectors/y.js'],
  ['packages/core/src/pipeline/z.ts', '../clustering/y.js'],
  ['packages/image-tools/src/processes/z.ts', '@virt-similarity/core'],
  ['packages/readers/src/qemu/z.ts', '@virt-similarity/core/errors'],
  ['packages/readers/src/qemu/z1.ts', '@virt-similarity/image-tools'],
  ['packages/core/src/files/z.ts', 'node:fs'],
  ['packages/cli/src/output/z1.ts', 'node:fs/promises'],
  ['packages/testing/src/fixtures/z.ts', '@virt-similarity/core'],
  ['packages/cli/src/output/z.ts', '@virt-similarity/readers'],
];

/** The forms of imports. Some do not appear in the compiled code. */
const FORMS = [
  "import 'MODULE';",
  "import type { Y } from 'MODULE';",
  "export type { Y } from 'MODULE';",
  "await import('MODULE');",
] as const;

/** Enough lines that the rule against short files does not apply. */
const ENOUGH_LINES = '\n'.repeat(15);

/** Writes each file with its import and, for a relative import, a target of blank lines. */
async function writeSources(imports: readonly Import[], form: string): Promise<void> {
  for (const [file, specifier] of imports) {
    const path = join(workspace, file);
    await mkdir(dirname(path), { recursive: true });
    if (specifier.startsWith('.')) {
      const target = resolve(dirname(path), specifier.replace(/\.js$/, '.ts'));
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, ENOUGH_LINES, { flag: 'a' });
    }
    await writeFile(path, form.replace('MODULE', specifier) + ENOUGH_LINES);
  }
}

/** Returns the rules that the sources violate, each with the file. */
function brokenRules(): string[] {
  const args = [CRUISER, '.', '--config', RULES, '--output-type', 'json'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: workspace, encoding: 'utf8' });
  if (stdout === '') {
    throw new Error(stderr);
  }
  const { summary } = JSON.parse(stdout) as { summary: { violations: { from: string; rule: { name: string } }[] } };
  return summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`);
}

describe('the import rules', () => {
  test.each(FORMS)('reject each wrong import like %s', async (form) => {
    await writeSources(
      FORBIDDEN.map(([file, specifier]) => [file, specifier]),
      form,
    );
    const broken = brokenRules();
    expect(FORBIDDEN.filter(([file, , rule]) => !broken.includes(`${file}: ${rule}`))).toEqual([]);
  });

  test.each(FORMS)('accept allowed imports like %s', async (form) => {
    await writeSources(ALLOWED, form);
    expect(brokenRules()).toEqual([]);
  });

  test('reject a short file with a single importer', async () => {
    const short = 'packages/readers/src/inspection/short.ts';
    await writeSources([['packages/readers/src/inspection/z.ts', './short.js']], "import 'MODULE';");
    await writeFile(join(workspace, short), '\n');
    expect(brokenRules()).toEqual(expect.arrayContaining([expect.stringContaining(short)]));
  });

  test('reject two files that import each other', async () => {
    await writeFile(
      join(workspace, 'biome.json'),
      JSON.stringify({ ...JSON.parse(await readFile('biome.json', 'utf8')), vcs: { enabled: false } }),
    );
    await writeFile(join(workspace, 'first.ts'), "export { b } from './second.js';\nexport const a = 1;\n");
    await writeFile(join(workspace, 'second.ts'), "import { a } from './first.js';\nexport const b = a;\n");
    const args = [BIOME, 'lint', '--reporter=json', 'second.ts'];
    const { stdout } = spawnSync(process.execPath, args, { cwd: workspace, encoding: 'utf8' });
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string }[] };
    expect(diagnostics.map(({ category }) => category)).toContain('lint/suspicious/noImportCycles');
  });
});
