import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { messageOf, VirtSimilarityError } from '@virt-similarity/core/errors';
import type { Configuration } from './parse-configuration.js';

/** Returns the path of the configuration file. It is never in the working directory, whose files are not trusted. */
export function configurationPath(environment: NodeJS.ProcessEnv): string {
  const named = environment.XDG_CONFIG_HOME;
  // The XDG Base Directory Specification requires that relative paths be ignored.
  const directory = named !== undefined && isAbsolute(named) ? named : join(homedir(), '.config');
  return join(directory, 'virt-similarity', 'config.json');
}

/**
 * Loads the configuration file. Returns `undefined` if it does not exist.
 *
 * @throws `refused` if it is not a regular file that belongs to the user and that nobody else can write to, because it
 *   names code to run; `usage` if its content is not valid.
 */
export async function loadConfiguration(path: string): Promise<Configuration | undefined> {
  if (!(await exists(path))) {
    return undefined;
  }
  // Imported here so that runs without a configuration file do not load them.
  const { lilconfig } = await import('lilconfig');
  const { parseConfiguration } = await import('./parse-configuration.js');
  const status = await stat(path);
  if (!status.isFile()) {
    throw new VirtSimilarityError(
      'refused',
      `cannot read ${path}: it is not a regular file; replace it with a regular file, or remove it`,
    );
  }
  if (status.uid !== process.getuid?.() || (status.mode & 0o022) !== 0) {
    throw new VirtSimilarityError(
      'refused',
      `${path} can be written by other users; restrict it to your user with chmod go-w or chown`,
    );
  }
  try {
    const loaded = await lilconfig('virt-similarity').load(path);
    return parseConfiguration(path, loaded?.config ?? {});
  } catch (error) {
    if (error instanceof VirtSimilarityError) {
      throw error;
    }
    throw new VirtSimilarityError('usage', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path, constants.F_OK);
    return true;
  } catch {
    return false;
  }
}
