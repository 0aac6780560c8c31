import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { diskOfBlocks } from '@virt-similarity/testing';
import { type NpmRegistry, startNpmRegistry } from '../fixtures/npm-registry.js';
import { runTool } from '../fixtures/run-tool.js';

let directory: string;
let plugin: string;
let registry: NpmRegistry;
let tarballs: readonly string[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'plugin-template-'));
  registry = await startNpmRegistry();
  const workspaces = (await readdir('packages')).flatMap((name) => ['-w', `packages/${name}`]);
  await runTool('npm', ['pack', '--silent', '--pack-destination', directory, ...workspaces]);
  tarballs = (await readdir(directory)).map((file) => join(directory, file));
  plugin = join(directory, 'plugin');
  // Copies only the files that git tracks.
  const { stdout } = await runTool('git', ['-c', 'safe.directory=*', 'ls-files', 'examples/plugin-template']);
  for (const file of stdout.trim().split('\n')) {
    await cp(file, join(plugin, file.slice('examples/plugin-template/'.length)));
  }
  await inDirectory(plugin, 'npm', 'install', '--save-dev', ...tarballsOf('core', 'reporters', 'testing'));
});

afterAll(async () => {
  registry.close();
  await rm(directory, { recursive: true, force: true });
});

function tarballsOf(...names: readonly string[]): string[] {
  return tarballs.filter((path) => names.some((name) => path.includes(`/virt-similarity-${name}-`)));
}

async function inDirectory(where: string, command: string, ...words: readonly string[]): Promise<string> {
  const environment = { ...registry.environment, npm_config_update_notifier: 'false', npm_config_audit: 'false' };
  return (await runTool('env', ['--chdir', where, command, ...words], environment)).stdout;
}

describe('the template of a plugin', () => {
  test('builds and passes its tests', async () => {
    expect(await inDirectory(plugin, 'npm', 'test')).toMatch(/^(?:#|ℹ) pass \d\d$/m);
  });

  test('fails its tests if the ranges of core in its code and in its package differ', async () => {
    const source = join(plugin, 'src/index.ts');
    const text = await readFile(source, 'utf8');
    await writeFile(source, text.replace("core: '^0.1.0'", "core: '>=0.1.0'"));
    await expect(inDirectory(plugin, 'npm', 'test')).rejects.toMatchObject({
      stdout: expect.stringMatching(/^(?:#|ℹ) fail 1$/m),
    });
    await writeFile(source, text);
  });

  test('is packed, installed beside the command, and writes a report', async () => {
    const packed = JSON.parse(await inDirectory(plugin, 'npm', 'pack', '--json', '--silent'));
    const [{ filename, files }] = packed as [{ filename: string; files: { path: string }[] }];
    expect(files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['README.md', 'dist/index.d.ts', 'dist/index.js', 'src/index.ts']),
    );
    const project = join(directory, 'project');
    await cp(join(plugin, filename), join(project, filename));
    await writeFile(join(project, 'package.json'), '{ "private": true }');
    await inDirectory(project, 'npm', 'install', ...tarballs, `./${filename}`);
    expect(await readdir(join(project, 'node_modules/@virt-similarity'))).toContain('core');
    await expect(readdir(join(project, 'node_modules/virt-similarity-plugin-template/node_modules'))).rejects.toThrow();
    await writeFile(join(project, 'a.raw'), diskOfBlocks([1, 2, 3]));
    await writeFile(join(project, 'b.raw'), diskOfBlocks([1, 2, 4]));
    const load = ['-q', '--no-cache', '--plugin', 'virt-similarity-plugin-template'];
    const options = ['-O', 'summary', '--unit', 'bytes', 'a.raw', 'b.raw'];
    expect(await inDirectory(project, 'npx', '--no-install', 'virt-similarity', ...load, ...options)).toBe(
      [
        '| image | data in bytes | nearest image | distance in blocks |',
        '| --- | ---: | --- | ---: |',
        '| a.raw | 196608 | b.raw | 1 |',
        '| b.raw | 196608 | a.raw | 1 |\n',
      ].join('\n'),
    );

    const module = join(project, 'node_modules/virt-similarity-plugin-template/dist/index.js');
    const text = await readFile(module, 'utf8');
    for (const [core, remedy] of [
      ['^0.0.1', 'upgrade virt-similarity-plugin-template'],
      ['^9.0.0', 'upgrade virt-similarity'],
    ] as const) {
      await writeFile(module, text.replace("core: '^0.1.0'", `core: '${core}'`));
      const loading = inDirectory(project, 'npx', '--no-install', 'virt-similarity', ...load, 'a.raw', 'b.raw');
      await expect(loading).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringMatching(new RegExp(`requires @virt-similarity/core .*, found 0\\.1\\.0; ${remedy}\n`)),
      });
    }
  });
});
