import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { messageOf, VirtSimilarityError } from '@virt-similarity/core/errors';
import type { Configuration } from './parse-configuration.js';

/** Where the configuration file stands: never in the working directory, whose files may be anybody's. */
export function configurationPath(environment: NodeJS.ProcessEnv): string {
  const named = environment.XDG_CONFIG_HOME;
  // By the XDG base directory specification, a relative path is to be ignored.
  const directory = named !== undefined && isAbsolute(named) ? named : join(homedir(), '.config');
  return join(directory, 'virt-similarity', 'config.json');
}

/**
 * The configuration file's content; `undefined` when there is no such file.
 *
 * @throws `refused` unless it belongs to the user alone, since it names code to run, and `usage` when it says what
 *   nothing understands.
 */
export async function loadConfiguration(path: string): Promise<Configuration | undefined> {
  if (!(await exists(path))) {
    return undefined;
  }
  // What follows is loaded only by those who have such a file.
  const { lilconfig } = await import('lilconfig');
  const { parseConfiguration } = await import('./parse-configuration.js');
  const status = await stat(path);
  if (!status.isFile()) {
    throw new VirtSimilarityError(
      'refused',
      `cannot read ${path}: it is not a regular file; replace it by a regular file, or remove it`,
    );
  }
  if (status.uid !== process.getuid?.() || (status.mode & 0o022) !== 0) {
    throw new VirtSimilarityError(
      'refused',
      `${path} may be written by others; make it yours alone with chmod go-w, or chown`,
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
