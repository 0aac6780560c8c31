import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { runTool } from '../../fixtures/run-tool.js';
import { READERS } from '../../harness/readers.js';
import type { FaultCase } from '../fault-case.js';
import { asOrdinaryUser, reclaim } from '../inputs/other-user.js';
import { createQcow2 } from '../inputs/qcow2.js';
import type { Stage } from '../stage.js';

/** Returns a case of a file that is not regular. Its run must take at most 20 s longer than reading a good image. */
function refused(number: number, title: string, pathOf: (stage: Stage) => Promise<string>): FaultCase {
  return {
    number,
    title: `refuses ${title}`,
    readers: READERS,
    exit: 4,
    build: async (stage) => stage.trial([await pathOf(stage)], { within: 20 }),
  };
}

/** Files that are not regular or not readable. */
export const SPECIAL_FILES: readonly FaultCase[] = [
  refused(35, 'a FIFO', async (stage) => {
    await runTool('mkfifo', [stage.image('fifo.raw')]);
    return stage.image('fifo.raw');
  }),
  {
    number: 36,
    title: 'refuses a directory that is named as an image or a backing file',
    readers: READERS,
    exit: 4,
    build: async (stage) => {
      const [directory, overlay] = [stage.image('directory.raw'), stage.image('overlay.qcow2')];
      await mkdir(directory);
      await createQcow2(overlay, { backing: 'directory.raw' });
      return stage.trial([directory, overlay], { within: 20, errors: 2 });
    },
  },
  refused(37, 'a character device, /dev/zero', async () => '/dev/zero'),
  refused(38, 'a loop of symbolic links', async (stage) => {
    await symlink('two.raw', stage.image('one.raw'));
    await symlink('one.raw', stage.image('two.raw'));
    return stage.image('one.raw');
  }),
  {
    number: 39,
    title: 'reports a file that the user has no permission to read',
    readers: READERS,
    exit: 5,
    build: async (stage) => {
      const image = stage.image('closed.raw');
      await writeFile(image, deterministicBytes('closed', 65_536), { mode: 0 });
      const trial = stage.trial([image], { within: 20, wrapper: await asOrdinaryUser(stage) });
      return { ...trial, check: () => reclaim(stage) };
    },
  },
];
