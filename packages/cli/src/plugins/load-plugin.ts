import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPlugin, defaultExportOf, type IsolationLimits, type Plugin, tryPlugin } from '@virt-similarity/core';
import { VirtSimilarityError, wording, wordingOf } from '@virt-similarity/core/errors';
import { resolvePlugin } from './resolve-plugin.js';

/**
 * Loads a plugin that the user named: a path, or a package installed in or above `directory`. This runs its code, in a
 * thread first: what never ends there ends by the limits.
 *
 * @throws `usage` when there is none, `plugin` when its code throws, `unavailable` when its time is over, and
 *   `aborted`.
 */
export async function loadPlugin(specifier: string, directory: string, limits: IsolationLimits): Promise<Plugin> {
  await waitForDirectories(specifier, directory);
  const url = resolvePlugin(specifier, directory);
  await requireRegularFile(specifier, url);
  await tryPlugin(specifier, url, limits);
  const loaded = await load(url, specifier);
  return { url, ...checkPlugin(defaultExportOf(loaded), `--plugin ${specifier}`) };
}

/**
 * Node.js looks for modules by calls that block the main thread. Asks the same places before, in a way that does not:
 * where a file system never answers, signals are still served.
 */
async function waitForDirectories(specifier: string, directory: string): Promise<void> {
  const require = createRequire(join(directory, 'plugins'));
  const parents = [directory, ...(require.resolve.paths(specifier) ?? [])];
  await Promise.allSettled(parents.map((parent) => stat(resolve(parent, specifier))));
}

/** A pipe would be read for ever. */
async function requireRegularFile(specifier: string, url: string): Promise<void> {
  const status = await stat(fileURLToPath(url)).catch(() => undefined);
  if (status?.isFile() === false) {
    throw new VirtSimilarityError(
      'usage',
      `--plugin ${specifier}: expected a regular file, found a directory or special file; name the module's file`,
    );
  }
}

async function load(url: string, specifier: string): Promise<{ readonly default?: unknown }> {
  try {
    return await import(url);
  } catch (error) {
    const message = wording`--plugin ${specifier} cannot be loaded: ${wordingOf(error)}`;
    throw new VirtSimilarityError('plugin', message, { cause: error });
  }
}
