import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandRun } from '../../harness/command-run.js';
import type { Stage } from '../stage.js';

/** The options that select the slow hasher. */
export const SLOW_HASHER = ['--plugin', './slow.mjs', '--hash', 'slow'] as const;

/** Writes a plugin whose hasher takes `milliseconds` per block. At a marked block, it creates the marker file. */
export async function writeSlowHasher(stage: Stage, milliseconds: number): Promise<void> {
  const text = `
import { writeFileSync } from 'node:fs';
class SlowHasher {
  digestLength = 1;
  hash(block, digest) {
    if (block[0] === ${MARKED}) writeFileSync(${JSON.stringify(markerFile(stage))}, '');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${milliseconds});
    digest[0] = block[1];
  }
}
export default { name: 'slow', url: import.meta.url, hashers: { slow: SlowHasher } };
`;
  await writeFile(join(stage.work, 'slow.mjs'), text);
}

/** The first byte of marked blocks. */
export const MARKED = 211;

/** Waits until the hasher has begun to hash a marked block. @throws Error if the command ends first */
export async function hashingStarted(stage: Stage, running: CommandRun): Promise<void> {
  await running.until(() => exists(markerFile(stage)), 'it hashed a marked block');
}

/** Returns the path of the file that the hasher creates. */
export function markerFile(stage: Stage): string {
  return join(stage.root, 'hashing-started');
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
