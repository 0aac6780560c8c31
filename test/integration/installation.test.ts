import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runTool } from '../fixtures/run-tool.js';

const ROOT = process.cwd();
/** Install scripts, audits and the network are not needed, because every dependency is already installed. */
const NPM_OPTIONS = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund'];

interface LockedPackage {
  readonly dev?: boolean;
  readonly link?: boolean;
}

let directory: string;
let environment: Record<string, string>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-installation-'));
  environment = { npm_config_cache: join(directory, 'npm-cache'), npm_config_update_notifier: 'false' };
});

afterAll(() => rm(directory, { recursive: true, force: true }));

/** Hard-links a file or directory of the project, or copies it if the target is on another file system. */
async function link(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  try {
    await runTool('cp', ['-al', source, target]);
  } catch {
    await rm(target, { recursive: true, force: true });
    await cp(source, target, { recursive: true, verbatimSymlinks: true });
  }
}

/** Runs a program in a directory. Returns its output. */
async function runIn(where: string, command: string, ...words: readonly string[]): Promise<string> {
  const { stdout } = await runTool('env', ['--chdir', where, command, ...words], environment);
  return stdout.trim();
}

/** Returns the paths of installed packages, as listed in the lock file. */
async function installed(choose: (entry: LockedPackage) => boolean): Promise<string[]> {
  const { packages } = JSON.parse(await readFile('package-lock.json', 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  const chosen = Object.entries(packages).filter(([path, entry]) => path.includes('node_modules/') && choose(entry));
  return chosen.map(([path]) => path).filter(existsSync);
}

async function version(): Promise<string> {
  return (JSON.parse(await readFile('packages/cli/package.json', 'utf8')) as { version: string }).version;
}

describe('a fresh clone', () => {
  let clone: string;

  beforeAll(async () => {
    clone = join(directory, 'clone');
    await mkdir(clone);
    // The files that a clone would have if the working tree were committed.
    const listing = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
    const { stdout } = await runTool('git', ['-c', 'safe.directory=*', ...listing]);
    const files = stdout.split('\0').filter((file) => file !== '' && existsSync(file));
    for (const file of files) {
      await cp(file, join(clone, file), { verbatimSymlinks: true });
    }
    // Creates the state in which npm has not yet linked the workspaces and their commands.
    await link(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
    for (const path of await installed(({ link: isLink }) => isLink !== true)) {
      if (!path.startsWith('node_modules/')) {
        await link(join(ROOT, path), join(clone, path));
      }
    }
    for (const path of await installed(({ link: isLink }) => isLink === true)) {
      await rm(join(clone, path), { recursive: true });
    }
    await rm(join(clone, 'node_modules/.bin/virt-similarity'), { force: true });
    // npm writes to this file, which can be a hard link to the file of the project under test.
    await rm(join(clone, 'node_modules/.package-lock.json'));
    await runIn(clone, 'npm', 'install', ...NPM_OPTIONS);
  });

  test('has a command that prints how to build it', async () => {
    await expect(runIn(clone, 'npx', '--no-install', 'virt-similarity', '--version')).rejects.toMatchObject({
      code: 7,
      stderr: expect.stringContaining('run: npm run build'),
    });
  });

  test('runs the command with npx and from node_modules/.bin once it is built', async () => {
    for (const name of await readdir('packages')) {
      await link(join(ROOT, 'packages', name, 'bundle'), join(clone, 'packages', name, 'bundle'));
    }
    expect(await runIn(clone, 'npx', '--no-install', 'virt-similarity', '--version')).toBe(await version());
    expect(await runIn(clone, 'node_modules/.bin/virt-similarity', '--help')).toContain('Usage: virt-similarity');
  });

  test('does not change its lock file during installation', async () => {
    expect(await readFile(join(clone, 'package-lock.json'), 'utf8')).toBe(await readFile('package-lock.json', 'utf8'));
  });
});

describe('the packed packages', () => {
  let project: string;

  beforeAll(async () => {
    project = join(directory, 'project');
    const tarballs = join(directory, 'tarballs');
    await mkdir(tarballs, { recursive: true });
    const workspaces = (await readdir('packages')).flatMap((name) => ['-w', `packages/${name}`]);
    await runTool('npm', ['pack', '--silent', '--pack-destination', tarballs, ...workspaces], environment);
    await mkdir(project);
    await writeFile(join(project, 'package.json'), '{ "name": "project", "private": true }');
    // Links the installed packages instead of downloading them. npm removes packages on which no package depends.
    for (const path of await installed(({ dev, link: isLink }) => dev !== true && isLink !== true)) {
      const target = join(project, path.slice(path.lastIndexOf('node_modules/')));
      // The project needs the version in the workspace's own node_modules.
      if (!path.startsWith('node_modules/')) {
        await rm(target, { recursive: true, force: true });
      }
      await link(join(ROOT, path), target);
    }
    await link(join(ROOT, 'node_modules/.bin'), join(project, 'node_modules/.bin'));
    await rm(join(project, 'node_modules/.bin/virt-similarity'), { force: true });
    const files = (await readdir(tarballs)).map((file) => join(tarballs, file));
    await runIn(project, 'npm', 'install', ...NPM_OPTIONS, ...files);
  });

  test('run the command in a project that depends on them', async () => {
    for (const [index, name] of ['one.raw', 'two.raw'].entries()) {
      await writeFile(join(project, name), Buffer.alloc(128 * 1024, index + 1));
    }
    expect(await realpath(join(project, 'node_modules/.bin/virt-similarity'))).toBe(
      await realpath(join(project, 'node_modules/virt-similarity/bin/virt-similarity.js')),
    );
    const words = ['virt-similarity', '-q', '--reader', 'raw', '--no-cache', '-O', 'newick', 'one.raw', 'two.raw'];
    expect(await runIn(project, 'npx', '--no-install', ...words)).toBe('(one.raw:1,two.raw:1);');
    for (const hash of ['blake3', 'xxh128']) {
      expect(await runIn(project, 'npx', '--no-install', ...words, '--hash', hash)).toBe('(one.raw:1,two.raw:1);');
    }
  });

  test('are imported in a project that depends on them', async () => {
    const code = `
      import { createAnalyzer } from '@virt-similarity/core';
      import hashers from '@virt-similarity/hashers';
      import readers from '@virt-similarity/readers';
      import reporters from '@virt-similarity/reporters';
      console.log(createAnalyzer({ plugins: [readers, hashers, reporters] }).registrations.length > 4);`;
    expect(await runIn(project, 'node', '--input-type=module', '--eval', code)).toBe('true');
  });
});
