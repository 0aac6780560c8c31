import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { runTool } from '../fixtures/run-tool.js';

const ROOT = process.cwd();

describe("the README's", () => {
  test('library example works', async () => {
    const code = (await codeBlocks('ts')).find((block) => block.includes('createAnalyzer'))!;
    // Within the checkout, so that Node.js finds the packages by name.
    const directory = await mkdtemp(join(ROOT, 'test/dist/readme-'));
    try {
      await runTool('qemu-img', ['create', '-q', '-f', 'qcow2', join(directory, 'a.qcow2'), '1M']);
      await runTool('qemu-img', ['create', '-q', '-f', 'raw', join(directory, 'b.raw'), '2M']);
      const program = ['--input-type=module', '--eval', code];
      const { stdout, stderr } = await promisify(execFile)(process.execPath, program, { cwd: directory });
      expect(stdout).toBe('(a.qcow2:0,b.raw:0);\n');
      expect(stderr).toBe('');
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

test.each([
  ["the image tools' README inspects an image in the sandbox", 'js', 'image-tools', '3145728\n'],
  ["the readers' README reads an image", 'ts', 'readers', "{ kind: 'zero', start: 0, length: 3145728 }\n"],
])('%s', async (_, language, name, expected) => {
  const [code] = await codeBlocks(language, `packages/${name}/README.md`);
  const directory = await mkdtemp(join(ROOT, `test/dist/${name}-readme-`));
  try {
    await runTool('qemu-img', ['create', '-q', '-f', 'qcow2', join(directory, 'web.qcow2'), '3M']);
    const program = ['--input-type=module', '--eval', code!];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, program, { cwd: directory });
    expect(stdout).toBe(expected);
    expect(stderr).toBe('');
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("an example in the testing package's README compares two disks", async () => {
  const code = (await codeBlocks('js', 'packages/testing/README.md')).find((block) => block.includes('diskOfBlocks'));
  // Runs within the checkout, so that Node.js finds the packages by name.
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code!]);
  expect(stdout).toBe('a and b differ in one block\n');
});

async function codeBlocks(language: string, file = 'README.md'): Promise<string[]> {
  const readme = await readFile(join(ROOT, file), 'utf8');
  return [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, found]) => found === language)
    .map(([, , code]) => code!);
}
