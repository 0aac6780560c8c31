import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { diskOfBlocks } from '@virt-similarity/testing';
import { documentSteps, runSteps } from '../fixtures/document-steps.js';
import { diskFamily, ext4 } from '../fixtures/index.js';

const ROOT = process.cwd();
const ENVIRONMENT = { PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}` };

const { DOCUMENTS, withIncludedCode } = (await import(join(ROOT, 'scripts/included-code.mjs'))) as {
  readonly DOCUMENTS: readonly string[];
  withIncludedCode(text: string, directory: string): string;
};

test.each(DOCUMENTS)('%s shows the current code of the examples', async (document) => {
  const text = await readFile(document, 'utf8');
  expect(text.match(/\]\([^)\s]*examples\/[^)\s]+\):\n\n```/g)).not.toBeNull();
  expect(text).toBe(withIncludedCode(text, dirname(document)));
});

test('docs/writing-a-plugin.md shows every example, and commands that work', async () => {
  const examples = (await readdir('examples/plugins')).filter((name) => name.endsWith('.ts'));
  const text = await readFile('docs/writing-a-plugin.md', 'utf8');
  expect(examples.filter((name) => !text.includes(`](../examples/plugins/${name}):\n\n`))).toEqual([]);

  await expectShownOutputs('docs/writing-a-plugin.md', 'examples/plugins/dist');
});

test('docs/library.md shows every program, and commands that work', async () => {
  const text = await readFile('docs/library.md', 'utf8');
  const programs = (await readdir('examples/cookbook')).filter((name) => name.endsWith('.js'));
  const missing = programs.filter((name) => !text.includes(`](../examples/cookbook/${name}):\n\n`));
  // The missing program is a plugin, which docs/sources.md describes.
  expect(missing).toEqual(['lvm-source.js']);
  await expectShownOutputs('docs/library.md', 'examples/cookbook');
});

test('docs/metrics.md shows the distances and trees of the demo', async () => {
  const directory = await mkdtemp(join(ROOT, 'test/dist/documents-'));
  try {
    await diskFamily(ext4, join(directory, 'images'));
    const steps = await documentSteps('docs/metrics.md');
    expect(steps).toHaveLength(3);
    expect(await runSteps(steps, directory, ENVIRONMENT)).toEqual(steps.map(({ output }) => output));
  } finally {
    await rm(directory, { recursive: true });
  }
});

/** Expects the outputs that a document shows. Runs its commands in a directory with three images and the programs. */
async function expectShownOutputs(document: string, programs: string): Promise<void> {
  // Within the checkout, so that Node.js finds the packages by name.
  const directory = await mkdtemp(join(ROOT, 'test/dist/documents-'));
  try {
    await cp(programs, directory, { recursive: true });
    const disks = { base: [1, 2, 3, 4, 5, 6, 7, 8], web: [1, 2, 3, 4, 5, 6, 7, 9], db: [1, 2, 3, 4, 0, 0, 0, 0] };
    for (const [name, blocks] of Object.entries(disks)) {
      await writeFile(join(directory, `${name}.raw`), diskOfBlocks(blocks));
    }
    const steps = await documentSteps(document);
    expect(steps.length).toBeGreaterThan(4);
    expect(await runSteps(steps, directory, ENVIRONMENT)).toEqual(steps.map(({ output = '' }) => output));
  } finally {
    await rm(directory, { recursive: true });
  }
}
