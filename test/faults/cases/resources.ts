import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { convert } from '../../fixtures/qemu-images.js';
import { runTool } from '../../fixtures/run-tool.js';
import type { CommandEnd } from '../../harness/command-run.js';
import { READERS } from '../../harness/readers.js';
import { expectContent } from '../expect-content.js';
import type { FaultCase } from '../fault-case.js';
import { fillFileSystem } from '../inputs/fill-file-system.js';
import { asOrdinaryUser, reclaim } from '../inputs/other-user.js';
import type { Stage } from '../stage.js';

const BLOCK = 65_536;
const NOT_CACHED = /warning: .*is not cached/;
/** The number of open files that the command requires at its start. */
const OPEN_FILES = 256;
/** Numbers of free descriptors, from too few for loading any module to enough for a server and threads. */
const FREE = [16, 40, 64, 88, 104, 120, 200];
/**
 * With at least this number of free descriptors, an appliance starts, which takes long and adds nothing to the test.
 */
const LAUNCHING = 100;

async function writeImage(stage: Stage): Promise<string> {
  const image = stage.image('disk.raw');
  await writeFile(image, deterministicBytes('resources', 8 * BLOCK));
  return image;
}

/** Returns words before a command that leave it only `free` unused descriptors. */
function withFreeDescriptors(free: number): string[] {
  const take = `for ((file = 10; file < ${OPEN_FILES - free}; file++)); do eval "exec $file</dev/null"; done; exec "$@"`;
  return ['prlimit', `--nofile=${OPEN_FILES}:${OPEN_FILES}`, '--', 'bash', '-c', take, 'bash'];
}

/**
 * Writes an image for each of the names, which have no extension. For the reader `raw`, the images are raw; for other
 * readers they are VMDKs, which are read through a server.
 */
async function writeServed(stage: Stage, texts: readonly string[]): Promise<string[]> {
  const raw = await writeImage(stage);
  const extension = stage.reader === 'raw' ? 'raw' : 'vmdk';
  const images = texts.map((text) => stage.image(`${text}.${extension}`));
  for (const image of images) {
    if (stage.reader === 'raw') {
      await copyFile(raw, image);
    } else {
      await convert(raw, image, 'vmdk', { creation: { subformat: 'streamOptimized' } });
    }
  }
  return images;
}

/** Requires that the vector of an image is right, if the run succeeded. */
async function requireRightVector(stage: Stage, image: string, { exit }: CommandEnd): Promise<void> {
  const content = await readFile(stage.image('disk.raw'));
  if (exit === 0) {
    await expectContent(stage.output(`${basename(image)}.arrow`), content);
  }
}

/** Exhausted and missing resources. */
export const RESOURCES: readonly FaultCase[] = [
  {
    number: 53,
    title: 'warns if the file system of the cache is full, and does not fail',
    readers: READERS,
    exit: 0,
    build: async (stage) => {
      const image = await writeImage(stage);
      const full = `${stage.root}/full`;
      await mkdir(full);
      // If the tests do not run as root, mount fails with a message that says so.
      await runTool('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'faults', full]);
      await mkdir(`${full}/cache`, { mode: 0o700 });
      await fillFileSystem(`${full}/filler`);
      return {
        ...stage.trial([image], { options: ['--cache', `${full}/cache`] }),
        check: async (ends) => {
          for (const { stderr } of ends) {
            assert.match(stderr, NOT_CACHED);
          }
          assert.deepEqual(await readdir(`${full}/cache`), [], 'leftovers of cache entries');
        },
        cleanUp: async () => {
          await runTool('umount', [full]);
        },
      };
    },
  },
  {
    number: 54,
    title: 'works or exits with 7 with few descriptors; works with a read-only cache',
    readers: READERS,
    exit: 0,
    build: async (stage) => {
      const frees = FREE.filter((free) => stage.reader !== 'libguestfs' || free < LAUNCHING);
      const images = await writeServed(stage, ['nowhere', 'few', ...frees.map((free) => `free-${free}`)]);
      const [nowhere, few, ...served] = images as [string, string, ...string[]];
      const lacking = { options: ['--no-cache'], exit: [0, 7] };
      const missing = `${stage.root}/none`;
      const cache = `${stage.root}/read-only`;
      await mkdir(cache, { mode: 0o500 });
      const wrapper = await asOrdinaryUser(stage);
      if (wrapper.length > 0) {
        await runTool('chown', ['65534', cache]);
      }
      const disk = stage.image('disk.raw');
      await chmod(disk, 0o644);
      return {
        commands: [
          stage.hash([nowhere], { ...lacking, environment: { TMPDIR: missing, XDG_RUNTIME_DIR: missing } }),
          stage.hash([few], { ...lacking, wrapper: ['prlimit', '--nofile=24:24', '--'] }),
          ...served.map((image, index) =>
            stage.hash([image], { ...lacking, wrapper: withFreeDescriptors(frees[index]!) }),
          ),
          stage.hash([disk], { wrapper, options: ['--cache', cache] }),
        ],
        check: async (ends) => {
          for (const [index, image] of images.entries()) {
            await requireRightVector(stage, image, ends[index]!);
          }
          assert.match(ends.at(-1)?.stderr ?? '', NOT_CACHED);
          await reclaim(stage);
        },
      };
    },
  },
];
