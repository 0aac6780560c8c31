import { dirname } from 'node:path';
import type { ConfiguredPlugin, IsolationLimits, OptionValue, Plugin } from '@virt-similarity/core';
import { didYouMean, VirtSimilarityError } from '@virt-similarity/core/errors';
import type { Configuration } from '../parse-configuration.js';
import { loadPlugin } from './load-plugin.js';

/** The plugins named on the command line, and their option values in the form PLUGIN.OPTION=VALUE. */
export interface NamedPlugins {
  readonly modules: readonly string[];
  readonly options: readonly string[];
}

/** A plugin, with its option values from the configuration file. */
interface LoadedPlugin {
  readonly plugin: Plugin;
  readonly options: Readonly<Record<string, OptionValue>>;
}

/**
 * Loads the plugins that the configuration file and the command line name, and returns them with their options.
 *
 * @param directory the directory from which modules of the command line are resolved
 * @throws the errors of `loadPlugin`; `usage` for a malformed option, for an option of an unknown or ambiguous plugin,
 *   and for a plugin that is listed twice with options in the later entry.
 */
export async function loadPlugins(
  configuration: Configuration | undefined,
  named: NamedPlugins,
  directory: string,
  limits: IsolationLimits,
): Promise<ConfiguredPlugin[]> {
  return withOptions(await loadEach(configuration, named.modules, directory, limits), named.options);
}

/**
 * Returns the plugin of each module once, even if the module is named repeatedly. Modules of the configuration file are
 * resolved from the file's directory.
 *
 * @throws as `loadPlugin`; `usage` if a later entry for the same plugin has options.
 */
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
  return loaded.filter((each, index) => {
    const isRepeated = loaded.findIndex(({ plugin }) => plugin.url === each.plugin.url) !== index;
    if (!isRepeated) {
      return true;
    }
    if (Object.keys(each.options).length === 0) {
      return false;
    }
    const problem = `plugin ${each.plugin.name} is listed twice, and the later entry has options`;
    throw new VirtSimilarityError('usage', `${problem}; list it once, with all its options`);
  });
}

/** Adds the options of the command line. Several values of one option become a list. */
function withOptions(loaded: readonly LoadedPlugin[], given: readonly string[]): ConfiguredPlugin[] {
  const configured = loaded.map(({ plugin, options }) => {
    // Without a prototype, `__proto__` is an ordinary option name, which is refused as unknown.
    const own: Record<string, OptionValue> = Object.assign(Object.create(null), options);
    return { plugin, options: own };
  });
  const fromCommandLine = new Map<string, string[]>();
  for (const text of given) {
    const [, path = '', value] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    const dot = path.lastIndexOf('.');
    if (value === undefined || dot < 1 || dot === path.length - 1) {
      const expected = 'expected PLUGIN.OPTION=VALUE with the name of a loaded plugin';
      throw new VirtSimilarityError('usage', `--plugin-option: ${expected}, found '${text}'`);
    }
    const own = pluginNamed(path.slice(0, dot), configured).options;
    const values = [...(fromCommandLine.get(path) ?? []), value];
    fromCommandLine.set(path, values);
    own[path.slice(dot + 1)] = values.length === 1 ? value : values;
  }
  return configured.map(({ plugin, options }) => [plugin, options]);
}

/**
 * Returns the plugin of that name.
 *
 * @throws `usage` unless exactly one plugin has the name.
 */
function pluginNamed<Loaded extends LoadedPlugin>(name: string, loaded: readonly Loaded[]): Loaded {
  const [found, other] = loaded.filter(({ plugin }) => plugin.name === name);
  if (other !== undefined) {
    const problem = `expected one plugin named ${name}, found several`;
    throw new VirtSimilarityError('usage', `--plugin-option: ${problem}; give their options in the configuration file`);
  }
  if (found !== undefined) {
    return found;
  }
  const known = loaded.map(({ plugin }) => plugin.name);
  const expected = known.length === 0 ? 'no plugin is loaded' : `expected one of ${known.join(', ')}`;
  throw new VirtSimilarityError(
    'usage',
    `--plugin-option: unknown plugin '${name}': ${expected}${didYouMean(name, known)}`,
  );
}
