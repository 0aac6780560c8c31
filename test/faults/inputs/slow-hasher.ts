import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandRun } from '../../harness/command-run.js';
import type { Stage } from '../stage.js';

/** The options with which the command takes the slow hasher. */
export const SLOW_HASHER = ['--plugin', './slow.mjs', '--hash', 'slow'] as const;

/** Writes a plugin whose hasher takes so many milliseconds for a block, and tells by a file when it has begun. */
export async function writeSlowHasher(stage: Stage, milliseconds: number): Promise<void> {
  const text = `
import { writeFileSync } from 'node:fs';
class SlowHasher {
  digestLength = 1;
  hash(block, digest) {
    if (block[0] === ${MARKED}) writeFileSync(${JSON.stringify(begunFile(stage))}, '');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${milliseconds});
    digest[0] = block[1];
  }
}
export default { name: 'slow', url: import.meta.url, hashers: { slow: SlowHasher } };
`;
  await writeFile(join(stage.work, 'slow.mjs'), text);
}

/** The first byte of those blocks that the hasher tells of. */
export const MARKED = 211;

/** Waits until the hasher has begun with an image of marked blocks. */
export async function begun(stage: Stage, running: CommandRun): Promise<void> {
  await running.until(() => exists(begunFile(stage)), 'the image was hashed');
}

function begunFile(stage: Stage): string {
  return join(stage.root, 'begun');
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
