import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const BIOME = resolve('node_modules/@biomejs/biome/bin/biome');

/** A directory outside the repository with the repository's linter configuration. */
let workspace: string;

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'virt-similarity-lint-'));
  const configuration = JSON.parse(await readFile('biome.json', 'utf8'));
  await writeFile(join(workspace, 'biome.json'), JSON.stringify({ ...configuration, vcs: { enabled: false } }));
});

afterAll(async () => {
  await rm(workspace, { recursive: true, force: true });
});

/** Names of the rules that a file breaks whose text is this, at this path. */
async function brokenRules(file: string, text: string): Promise<string[]> {
  const path = join(workspace, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  const args = [BIOME, 'lint', '--reporter=json', file];
  const { stdout } = spawnSync(process.execPath, args, { cwd: workspace, encoding: 'utf8' });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string }[] };
  return diagnostics.map(({ category }) => category);
}

const FORBIDDEN = [
  ['packages/core/src/contracts/x.ts', '../vectors/read-hash-vector.js'],
  ['packages/core/src/files/x.ts', '../vectors/x.js'],
  ['packages/core/src/vectors/x.ts', '../store/x.js'],
  ['packages/core/src/composition/x.ts', '../isolation/x.js'],
  ['packages/core/src/store/x.ts', '../hashing/x.js'],
  ['packages/core/src/hashing/x.ts', '../distance/x.js'],
  ['packages/core/src/distance/x.ts', '../clustering/x.js'],
  ['packages/core/src/clustering/x.ts', '../pipeline/create-analyzer.js'],
  ['packages/core/src/pipeline/x.ts', '@virt-similarity/readers'],
  ['packages/core/src/index.ts', 'virt-similarity'],
  ['packages/core/src/errors.ts', './pipeline/create-analyzer.js'],
  ['packages/core/src/wording.ts', './pipeline/create-analyzer.js'],
  ['packages/readers/src/raw/x.ts', '@virt-similarity/hashers'],
  ['packages/readers/src/raw/x.ts', '../../../core/src/errors.js'],
  ['packages/readers/src/raw/x.ts', '../../../image-tools/src/processes/run-tool.js'],
  ['packages/readers/src/raw/x.ts', '@virt-similarity/image-tools/dist/processes/run-tool.js'],
  ['packages/image-tools/src/processes/x.ts', '@virt-similarity/readers'],
  ['packages/image-tools/src/qemu/x.ts', '../../../readers/src/inspection/inspect.js'],
  ['packages/core/src/pipeline/x.ts', '@virt-similarity/image-tools'],
  ['packages/hashers/src/x.ts', 'virt-similarity'],
  ['packages/hashers/src/x.ts', '@virt-similarity/image-tools'],
  ['packages/reporters/src/x.ts', '@virt-similarity/readers'],
  ['test/contracts/src/x.ts', '@virt-similarity/readers'],
  ['examples/reporter-plugin/x.js', '@virt-similarity/reporters'],
] as const;

const ALLOWED = [
  ['packages/core/src/contracts/x.ts', '../errors.js'],
  ['packages/core/src/errors.ts', './wording.js'],
  ['packages/core/src/hashing/x.ts', '../vectors/read-hash-vector.js'],
  ['packages/core/src/pipeline/x.ts', '../clustering/x.js'],
  ['packages/image-tools/src/processes/x.ts', '@virt-similarity/core'],
  ['packages/readers/src/qemu/x.ts', '@virt-similarity/core'],
  ['packages/readers/src/qemu/x.ts', '@virt-similarity/image-tools'],
  ['test/contracts/src/x.ts', '@virt-similarity/core'],
  ['packages/cli/src/x.ts', '@virt-similarity/readers'],
] as const;

describe('the linter', () => {
  test.each(FORBIDDEN)('refuses that %s imports %s', async (file, specifier) => {
    expect(await brokenRules(file, `import '${specifier}';\n`)).toContain('lint/style/noRestrictedImports');
  });

  test.each(ALLOWED)('accepts that %s imports %s', async (file, specifier) => {
    expect(await brokenRules(file, `import '${specifier}';\n`)).not.toContain('lint/style/noRestrictedImports');
  });

  test('refuses two files that import each other', async () => {
    const [first, second] = ['packages/readers/src/first.ts', 'packages/readers/src/second.ts'];
    await brokenRules(first, "export { b } from './second.js';\nexport const a = 1;\n");
    const rules = await brokenRules(second, "import { a } from './first.js';\nexport const b = a;\n");
    expect(rules).toContain('lint/suspicious/noImportCycles');
  });
});
