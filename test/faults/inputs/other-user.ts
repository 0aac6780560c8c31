import { chmod } from 'node:fs/promises';
import { runTool } from '../../fixtures/run-tool.js';
import type { Stage } from '../stage.js';

/** Undoes the changes of ownership by `asOrdinaryUser` in the working directory, so that the cache can be verified. */
export async function reclaim(stage: Stage): Promise<void> {
  if (process.getuid?.() === 0) {
    await runTool('chown', ['-R', '0:0', stage.work]);
  }
}

const NOBODY = '65534';

/**
 * Prepares the stage for a user without privileges, because root can read every file. Returns the words before a
 * command that run it as that user; empty if the tests do not run as root.
 */
export async function asOrdinaryUser(stage: Stage): Promise<readonly string[]> {
  if (process.getuid?.() !== 0) {
    return [];
  }
  await chmod(stage.root, 0o755);
  for (const directory of ['work', 'home', 'run', 'tmp']) {
    await runTool('chown', ['-R', `${NOBODY}:${NOBODY}`, `${stage.root}/${directory}`]);
  }
  return ['setpriv', '--reuid', NOBODY, '--regid', NOBODY, '--clear-groups', '--'];
}
