import type { CommandContext } from '@virt-similarity/core';
import { brokenContract, excerptOf, pluginError } from '@virt-similarity/core/errors';
import type { KnownCommand } from './arguments/known-commands.js';

const LARGEST_EXIT_CODE = 255;

/**
 * Runs a plugin's command.
 *
 * @throws the command's own `VirtSimilarityError`; `unavailable` if a system resource is exhausted; `plugin` if the
 *   command throws anything else or returns no valid exit code.
 */
export async function runPluginCommand({ name, command }: KnownCommand, context: CommandContext): Promise<number> {
  const exitCode = await attempt(name, () => command.run(context));
  if (Number.isInteger(exitCode) && exitCode >= 0 && exitCode <= LARGEST_EXIT_CODE) {
    return exitCode;
  }
  const expected = `run to return an exit code from 0 to ${LARGEST_EXIT_CODE}`;
  throw brokenContract(name, expected, excerptOf(exitCode), 'command');
}

async function attempt(name: string, run: () => Promise<number> | number): Promise<number> {
  try {
    return await run();
  } catch (thrown) {
    throw pluginError(name, 'the command failed', thrown);
  }
}
