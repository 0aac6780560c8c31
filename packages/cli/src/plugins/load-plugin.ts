import type { Plugin } from '@virt-similarity/core';
import { messageOf, VirtSimilarityError } from '@virt-similarity/core/errors';
import { resolvePlugin } from './resolve-plugin.js';
import { validatePlugin } from './validate-plugin.js';

/**
 * Loads a plugin that the user named: a path, or a package installed in or above `directory`.
 * This runs its code. Throws `usage` when there is none, and `plugin` when its code throws.
 */
export async function loadPlugin(specifier: string, directory: string): Promise<Plugin> {
  const url = resolvePlugin(specifier, directory);
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
