import { chmod } from 'node:fs/promises';
import { runTool } from '../../fixtures/run-tool.js';
import type { Stage } from '../stage.js';

/** Gives the stage back to the user who runs the tests, so that the cache is his to verify. */
export async function reclaim(stage: Stage): Promise<void> {
  if (process.getuid?.() === 0) {
    await runTool('chown', ['-R', '0:0', stage.work]);
  }
}

const NOBODY = '65534';

/**
 * Makes the stage one for a user without privileges, because root may read everything; gives what goes before a command
 * to run it as that user. Nothing where the tests are not run by root.
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
