import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPlugin, defaultExportOf, type IsolationLimits, type Plugin, tryPlugin } from '@virt-similarity/core';
import { VirtSimilarityError, wording, wordingOf } from '@virt-similarity/core/errors';
import { resolvePlugin } from './resolve-plugin.js';

/**
 * Loads a plugin that the user named: a path, or a package installed in or above `directory`, or beside this command.
 * The plugin's code runs in a thread first, within the limits, so that a module that never finishes loading cannot
 * block the main thread.
 *
 * @throws `usage` if the plugin is not found, is not a regular file, or does not export a plugin by default; `plugin`
 *   if its code throws; `unavailable` if it exceeds its time limit or a system resource is exhausted; `aborted` if the
 *   signal fires.
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
 * Examines the directories that module resolution will search. Node.js resolves modules with calls that block the main
 * thread. If a file system does not respond, this asynchronous check hangs instead, so that signals are still handled.
 */
async function waitForDirectories(specifier: string, directory: string): Promise<void> {
  const require = createRequire(join(directory, 'plugins'));
  const parents = [directory, ...(require.resolve.paths(specifier) ?? [])];
  await Promise.allSettled(parents.map((parent) => stat(resolve(parent, specifier))));
}

/** Requires a regular file, because reading a pipe would never end. */
async function requireRegularFile(specifier: string, url: string): Promise<void> {
  const status = await stat(fileURLToPath(url)).catch(() => undefined);
  if (status?.isFile() === false) {
    throw new VirtSimilarityError(
      'usage',
      `--plugin ${specifier}: expected a regular file, found a directory or special file; give the module's file`,
    );
  }
}

async function load(url: string, specifier: string): Promise<{ readonly default?: unknown }> {
  try {
    return await import(url);
  } catch (error) {
    const message = wording`--plugin ${specifier}: cannot load the plugin: ${wordingOf(error)}`;
    throw new VirtSimilarityError('plugin', message, { cause: error });
  }
}
