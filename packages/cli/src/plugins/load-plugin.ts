import { type IsolationLimits, type Plugin, tryPlugin } from '@virt-similarity/core';
import { messageOf, VirtSimilarityError } from '@virt-similarity/core/errors';
import { resolvePlugin } from './resolve-plugin.js';
import { validatePlugin } from './validate-plugin.js';

/**
 * Loads a plugin that the user named: a path, or a package installed in or above `directory`.
 * This runs its code, in a thread first: what never ends there ends by the limits. Throws `usage` when there is none,
 * `plugin` when its code throws, `unavailable` when its time is over, and `aborted`.
 */
export async function loadPlugin(specifier: string, directory: string, limits: IsolationLimits): Promise<Plugin> {
  const url = resolvePlugin(specifier, directory);
  await tryPlugin(specifier, url, limits);
  const loaded = await load(url, specifier);
  return validatePlugin(loaded.default, url, specifier);
}

async function load(url: string, specifier: string): Promise<{ readonly default?: unknown }> {
  try {
    return await import(url);
  } catch (error) {
    throw new VirtSimilarityError('plugin', `--plugin ${specifier} cannot be loaded: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
