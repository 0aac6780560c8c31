import { dirname } from 'node:path';
import type { ConfiguredPlugin, IsolationLimits, OptionValues, Plugin } from '@virt-similarity/core';
import { didYouMean, VirtSimilarityError } from '@virt-similarity/core/errors';
import type { Configuration } from '../parse-configuration.js';
import { loadPlugin } from './load-plugin.js';

/** The plugins that a command line names, and values for their options as PLUGIN.OPTION=VALUE. */
export interface NamedPlugins {
  readonly modules: readonly string[];
  readonly options: readonly string[];
}

/** A plugin, and what the configuration file gives for its options. */
interface LoadedPlugin {
  readonly plugin: Plugin;
  readonly options: OptionValues;
}

/**
 * The plugins that the configuration file and the command line name, with their options. Throws what `loadPlugin` throws,
 * and `usage` for an option that cannot be understood.
 *
 * @param directory where the modules of the command line are looked for
 */
export async function loadPlugins(
  configuration: Configuration | undefined,
  named: NamedPlugins,
  directory: string,
  limits: IsolationLimits,
): Promise<ConfiguredPlugin[]> {
  return withOptions(await loadEach(configuration, named.modules, directory, limits), named.options);
}

/** Loads each module once, however often it is named; what the configuration file names is looked for beside it. */
async function loadEach(
  configuration: Configuration | undefined,
  named: readonly string[],
  directory: string,
  limits: IsolationLimits,
): Promise<LoadedPlugin[]> {
  const configured = configuration?.plugins ?? [];
  const home = dirname(configuration?.path ?? '');
  const loaded = await Promise.all([
    ...configured.map(async ({ module, options }) => ({ plugin: await loadPlugin(module, home, limits), options })),
    ...named.map(async (module) => ({ plugin: await loadPlugin(module, directory, limits), options: {} })),
  ]);
  return loaded.filter(({ plugin }, index) => loaded.findIndex((other) => other.plugin.url === plugin.url) === index);
}

/** Adds the options that the command line gives; several values of one are a list. */
function withOptions(loaded: readonly LoadedPlugin[], given: readonly string[]): ConfiguredPlugin[] {
  const options = new Map(loaded.map(({ plugin, options }) => [plugin.name, { ...options }]));
  const fromCommandLine = new Map<string, string[]>();
  for (const text of given) {
    const [, path = '', value] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    const dot = path.lastIndexOf('.');
    if (value === undefined || dot < 1 || dot === path.length - 1) {
      const expected = 'expected PLUGIN.OPTION=VALUE with the name of a loaded plugin';
      throw new VirtSimilarityError('usage', `--plugin-option: ${expected}, found '${text}'`);
    }
    const own = options.get(path.slice(0, dot));
    if (own === undefined) {
      const known = [...options.keys()];
      const expected = known.length === 0 ? 'no plugin is loaded' : `expected one of ${known.join(', ')}`;
      const problem = `unknown plugin '${path.slice(0, dot)}': ${expected}${didYouMean(path.slice(0, dot), known)}`;
      throw new VirtSimilarityError('usage', `--plugin-option: ${problem}`);
    }
    const values = [...(fromCommandLine.get(path) ?? []), value];
    fromCommandLine.set(path, values);
    own[path.slice(dot + 1)] = values.length === 1 ? value : values;
  }
  return loaded.map(({ plugin }) => [plugin, options.get(plugin.name) ?? {}]);
}
