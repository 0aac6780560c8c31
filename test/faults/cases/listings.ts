import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { hashVectorOf, writeHashVector } from '@virt-similarity/core';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { mountHungFileSystem } from '../../fixtures/hung-file-system.js';
import { runTool } from '../../fixtures/run-tool.js';
import type { CommandEnd, CommandRun } from '../../harness/command-run.js';
import { readReport } from '../../harness/json-report.js';
import { FORMAT_READERS, READERS } from '../../harness/readers.js';
import type { FaultCase } from '../fault-case.js';
import type { Stage } from '../stage.js';

const BLOCK = 65_536;

/** Runs the command in a shell, which turns a signal that ends the command into an exit code. */
const SHELL = ['/bin/sh', '-c', '"$@"; exit $?', 'sh'];

/** Directories of images, repeated names, and a file system that never responds. */
export const LISTINGS: readonly FaultCase[] = [
  {
    number: 95,
    title: 'directory: refuses links that replace files after the listing',
    readers: READERS,
    exit: 4,
    build: async (stage) => {
      const pool = await makePool(stage, 'image.raw', 'valid.raw');
      const vector = join(pool, 'vector.arrow');
      await writeVector(vector);
      const secretVector = join(stage.root, 'secrets', 'secret.arrow');
      await writeVector(secretVector);
      const links = { [join(pool, 'image.raw')]: await stage.secret('secret.raw'), [vector]: secretVector };
      await writeFile(join(stage.work, 'exchange.mjs'), exchangePlugin(links));
      const options = ['--plugin', './exchange.mjs'];
      return {
        commands: [stage.analyze([pool], { options, errors: 2 })],
        changes: Object.keys(links),
        check: async ([end]) => {
          const failures = readReport(end!)?.failures.map(({ path, code }) => [basename(path), code]);
          assert.deepEqual(failures, [
            ['image.raw', 'refused'],
            ['vector.arrow', 'refused'],
          ]);
        },
      };
    },
  },
  {
    number: 96,
    title: 'directory: reads disks named like VMDK parts, and counts what is left out',
    readers: FORMAT_READERS,
    exit: 0,
    build: async (stage) => {
      const pool = await makePool(stage, 'disk.raw');
      const parts = ['srv-s001.vmdk', 'web-delta.vmdk', 'x-flat.vmdk'];
      for (const name of parts) {
        await runTool('qemu-img', ['convert', '-O', 'vmdk', join(pool, 'disk.raw'), join(pool, name)]);
      }
      await copyFile(join(pool, 'disk.raw'), join(pool, 'no-extension'));
      await mkdir(join(pool, 'below'));
      await symlink('disk.raw', join(pool, 'link.raw'));
      return {
        commands: [stage.analyze([pool])],
        check: async ([end]) => {
          assert.deepEqual(namesBesideGood(end!), ['disk.raw', ...parts]);
          assert.match(end!.stderr, /left out of .*: 1 file without .*, 1 symbolic link, 1 subdirectory; /);
        },
      };
    },
  },
  {
    number: 97,
    title: 'directory: leaves out cache entries',
    readers: READERS,
    exit: 0,
    build: async (stage) => {
      const pool = join(stage.work, 'pool');
      await mkdir(pool, { mode: 0o700 });
      for (const name of ['a.raw', 'b.raw']) {
        await writeFile(join(pool, name), deterministicBytes(name, 2 * BLOCK));
      }
      const line = stage.analyze([pool], { options: ['--cache', pool] });
      return {
        commands: [line, line],
        check: async (ends) => {
          for (const end of ends) {
            assert.deepEqual(namesBesideGood(end), ['a.raw', 'b.raw']);
          }
          assert.match(ends[1]!.stderr, /4 entries of a cache/);
        },
      };
    },
  },
  {
    number: 98,
    title: 'includes a file only once if it is named repeatedly, also through a link',
    readers: READERS,
    exit: 0,
    build: async (stage) => {
      const pool = await makePool(stage, 'a.raw', 'b.raw');
      const [a, b, link] = ['a.raw', 'b.raw', 'link.raw'].map((name) => join(pool, name)) as [string, string, string];
      await symlink('a.raw', link);
      return {
        commands: [stage.analyze([a, b, link, b, pool])],
        check: async ([end]) => {
          assert.deepEqual(namesBesideGood(end!), ['a.raw', 'b.raw']);
          assert.match(end!.stderr, /warning: .*link\.raw and .*a\.raw are the same file/);
          assert.match(end!.stderr, /warning: .*b\.raw is named twice/);
        },
      };
    },
  },
  {
    number: 99,
    title: 'ends at SIGINT, SIGTERM and SIGHUP although a file system never responds',
    readers: READERS,
    exit: 130,
    build: async (stage) => {
      const hung = await mountHungFileSystem(join(stage.root, 'hung'));
      const images = [1, 2, 3, 4, 5].map((number) => join(hung.directory, `${number}.raw`));
      const endedBy = (signal: NodeJS.Signals, exit: number) => ({
        ...stage.hash(images, { exit, errors: 1, wrapper: SHELL }),
        during: async (running: CommandRun) => {
          await running.until(async () => await anyOf(await commandsOf(stage), hung.hasWaiting), 'it was blocked');
          for (const id of await commandsOf(stage)) {
            process.kill(id, signal);
          }
        },
      });
      return {
        commands: [endedBy('SIGINT', 130), endedBy('SIGTERM', 143), endedBy('SIGHUP', 129)],
        cleanUp: hung.unmount,
      };
    },
  },
];

/** Creates a directory of different raw images. */
async function makePool(stage: Stage, ...names: readonly string[]): Promise<string> {
  const pool = stage.image('pool');
  await mkdir(pool);
  for (const name of names) {
    await writeFile(join(pool, name), deterministicBytes(name, 2 * BLOCK));
  }
  return pool;
}

async function writeVector(path: string): Promise<void> {
  const header = { name: path, algorithm: 'sha256', digestLength: 32, blockSize: BLOCK, virtualSize: BLOCK };
  await writeHashVector(hashVectorOf(header, Uint32Array.of(0), new Uint8Array(32).fill(1)), path);
}

/** Returns a plugin whose reader replaces files with links while a directory is listed. */
function exchangePlugin(links: Readonly<Record<string, string>>): string {
  return `
import { rmSync, symlinkSync } from 'node:fs';
class ExchangeReader {
  async identify() {}
  async open() { throw new Error('nothing is opened'); }
  async partsIn(directory) {
    // Also called for the directory of the good images.
    if (!${JSON.stringify(Object.keys(links))}.every((path) => path.startsWith(directory + '/'))) {
      return new Map();
    }
    for (const [path, target] of Object.entries(${JSON.stringify(links)})) {
      rmSync(path);
      symlinkSync(target, path);
    }
    return new Map();
  }
}
export default { name: 'exchange', url: import.meta.url, readers: { exchange: ExchangeReader } };
`;
}

/** Returns the names of the images in a report, without the good images that every run includes. */
function namesBesideGood(end: CommandEnd): string[] {
  return (readReport(end)?.images ?? []).slice(2).map(({ path }) => basename(path));
}

async function anyOf<Item>(items: readonly Item[], test: (item: Item) => Promise<boolean>): Promise<boolean> {
  return (await Promise.all(items.map(test))).includes(true);
}

/** Returns the ids of the Node.js processes of the command, without its tools. */
async function commandsOf(stage: Stage): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const isCommand = async (id: string) => {
    const read = (name: string) => readFile(`/proc/${id}/${name}`, 'latin1').catch(() => '');
    return (await read('cmdline')).startsWith(process.execPath) && (await read('environ')).includes(stage.root);
  };
  const are = await Promise.all(ids.map(isCommand));
  return ids.filter((_, index) => are[index]).map(Number);
}
