import assert from 'node:assert/strict';
import { appendFile, chmod, mkdir, writeFile } from 'node:fs/promises';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { runTool } from '../../fixtures/run-tool.js';
import { type FaultCase, READERS } from '../harness/fault-case.js';
import type { Stage } from '../harness/stage.js';
import { asOrdinaryUser, reclaim } from '../inputs/other-user.js';

const BLOCK = 65_536;
const NOT_CACHED = /warning: .*is not cached/;
/** From too few for Node.js to start threads to just enough. */
const DESCRIPTORS = [24, 32, 40, 64];

async function writeImage(stage: Stage): Promise<string> {
  const image = stage.image('disk.raw');
  await writeFile(image, deterministicBytes('resources', 8 * BLOCK));
  return image;
}

/** What the machine runs out of. */
export const RESOURCES: readonly FaultCase[] = [
  {
    number: 53,
    title: 'no space for the cache: a warning',
    readers: READERS,
    exit: 0,
    build: async (stage) => {
      const image = await writeImage(stage);
      const full = `${stage.root}/full`;
      await mkdir(full);
      // Only root may mount; whoever else runs this is told so by mount itself.
      await runTool('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'faults', full]);
      await mkdir(`${full}/cache`, { mode: 0o700 });
      await fill(`${full}/filler`);
      return {
        ...stage.trial([image], { options: ['--cache', `${full}/cache`] }),
        check: async (ends) => {
          for (const { stderr } of ends) assert.match(stderr, NOT_CACHED);
        },
        cleanUp: async () => {
          await runTool('umount', [full]);
        },
      };
    },
  },
  {
    number: 54,
    title: 'no descriptors left, no temporary directory, a cache that is read-only',
    readers: READERS,
    exit: 0,
    build: async (stage) => {
      const image = await writeImage(stage);
      const starved = DESCRIPTORS.map((count) => ({
        ...stage.hash([image], { wrapper: ['prlimit', `--nofile=${count}:${count}`, '--'], options: ['--no-cache'] }),
        exit: [0, 7],
      }));
      const nowhere = { TMPDIR: `${stage.root}/none`, XDG_RUNTIME_DIR: `${stage.root}/none` };
      const cache = `${stage.root}/read-only`;
      await mkdir(cache, { mode: 0o500 });
      const wrapper = await asOrdinaryUser(stage);
      if (wrapper.length > 0) await runTool('chown', ['65534', cache]);
      await chmod(image, 0o644);
      const readOnly = stage.hash([image], { wrapper, options: ['--cache', cache] });
      return {
        commands: [stage.hash([image], { environment: nowhere, exit: [0, 7] }), ...starved, readOnly],
        check: async (ends) => {
          assert.match(ends.at(-1)?.stderr ?? '', NOT_CACHED);
          await reclaim(stage);
        },
      };
    },
  },
];

/** Writes to a file until the file system is full. */
async function fill(path: string): Promise<void> {
  try {
    for (;;) await appendFile(path, Buffer.alloc(4096, 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
