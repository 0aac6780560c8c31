import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  cloneWithChanges,
  convertedContent,
  deterministicBytes,
  differingBlocks,
  ext4,
  FORMAT_SAMPLES,
  runTool,
  writeChain,
  writeFormatSamples,
  writeRawContent,
} from '../fixtures/index.js';

const MiB = 1024 * 1024;

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-fixtures-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

function at(file: string): string {
  return join(directory, file);
}

describe('an ext4 fixture', () => {
  const options = {
    sizeMiB: 8,
    label: 'system',
    tree: { '/etc/motd': 'hello\n', '/srv/a/data': Buffer.alloc(90_000, 7) },
  };

  test('has the same bytes in every build', async () => {
    await ext4.create(at('first.raw'), options);
    await ext4.create(at('second.raw'), options);
    expect((await readFile(at('first.raw'))).equals(await readFile(at('second.raw')))).toBe(true);
  });

  test('is a valid file system with the new content of a file after changes', async () => {
    const changes = { write: { '/etc/motd': 'changed\n', '/srv/b': 'new\n' }, remove: ['/srv/a/data'] };
    await ext4.create(at('base.raw'), options);
    await cloneWithChanges(ext4, at('base.raw'), at('clone.raw'), changes);
    await runTool('e2fsck', ['-f', '-n', at('clone.raw')]);
    const { stdout } = await runTool('debugfs', ['-R', 'cat /etc/motd', at('clone.raw')]);
    expect(stdout).toBe('changed\n');
  });

  test('keeps most blocks in their places if a clone writes one small file', async () => {
    await ext4.create(at('base.raw'), options);
    await cloneWithChanges(ext4, at('base.raw'), at('clone.raw'), { write: { '/srv/b': 'new\n' } });
    const [base, clone] = [await readFile(at('base.raw')), await readFile(at('clone.raw'))];
    expect(differingBlocks(base, clone, 4096)).toBeLessThan(12);
  });

  test('refuses names that need quoting', async () => {
    await expect(ext4.create(at('bad.raw'), { ...options, tree: { '/a b': '' } })).rejects.toThrow('plain characters');
  });
});

describe('a raw fixture', () => {
  test('has its runs at their positions and holes elsewhere', async () => {
    await writeRawContent(at('raw'), 8 * MiB + 1, [{ offset: MiB, length: 10, seed: 'x' }]);
    const content = await readFile(at('raw'));
    expect(content.length).toBe(8 * MiB + 1);
    expect(content.subarray(MiB, MiB + 10).equals(deterministicBytes('x', 10))).toBe(true);
    expect((await stat(at('raw'))).blocks * 512).toBeLessThan(MiB);
  });
});

describe('fixtures in other formats', () => {
  beforeAll(async () => {
    await writeRawContent(at('content.raw'), 2 * MiB, [{ offset: 1_000, length: MiB, seed: 'content' }]);
    await writeFormatSamples(at('content.raw'), directory);
  });

  test.each(FORMAT_SAMPLES)('have the right content: $file', async ({ file, format }) => {
    const content = await readFile(at('content.raw'));
    expect(differingBlocks(content, await convertedContent({ path: at(file), format }), 512)).toBe(0);
  });

  test('have the right content in a chain that stores only differences', async () => {
    const last = [
      { offset: 1_000, length: MiB, seed: 'content' },
      { offset: 0, length: 10, seed: 'top' },
    ];
    await writeRawContent(at('last.raw'), 2 * MiB, last);
    await writeChain([at('content.raw'), at('content.raw'), at('last.raw')], [at('1'), at('2'), at('3')]);
    const content = await convertedContent({ path: at('3'), format: 'qcow2' });
    expect(differingBlocks(await readFile(at('last.raw')), content, 512)).toBe(0);
    expect((await stat(at('3'))).size).toBeLessThan(MiB);
  });
});
