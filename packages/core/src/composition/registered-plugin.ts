import { createRequire } from 'node:module';
import type { OptionValues } from '../contracts/options.js';
import type { ConfiguredPlugin, Plugin } from '../contracts/plugin.js';
import { VirtSimilarityError } from '../errors.js';
import { packageVersion } from '../package-version.js';
import { checkPlugin } from './check-plugin.js';
import { completeOptionValues } from './option-values.js';

/** A plugin with the values of its options. */
export interface RegisteredPlugin {
  readonly plugin: Plugin;
  /** The values, defaults included. */
  readonly options: OptionValues;
  /** Whether the plugin is isolated; see `AnalyzerParts.isolated`. */
  readonly isIsolated: boolean;
  /** Set if this plugin consists of the parts that the embedding program registered in its container. */
  readonly isOfProgram?: true;
}

/**
 * Validates a plugin and the values of its options.
 *
 * @throws `usage` if the value is not a plugin, an option is invalid, the plugin requires another version of this
 *   package, or the plugin is isolated and has no url.
 */
export function registeredPlugin(configured: ConfiguredPlugin, isIsolated: boolean): RegisteredPlugin {
  const [given, options] = isPair(configured) ? configured : [configured, {}];
  const plugin = checkPlugin(given, 'createAnalyzer');
  requireThisCore(plugin);
  if (isIsolated && plugin.url === undefined) {
    const problem = `plugin ${plugin.name} cannot be isolated: expected a url, found none`;
    throw new VirtSimilarityError('usage', `${problem}; add url: import.meta.url to it`);
  }
  return { plugin, options: completeOptionValues(plugin.name, plugin.options, options), isIsolated };
}

function isPair(configured: ConfiguredPlugin): configured is Extract<ConfiguredPlugin, readonly unknown[]> {
  return Array.isArray(configured);
}

/** @throws `usage` if the plugin's `core` excludes this version or is not a version range. */
function requireThisCore({ name, core }: Plugin): void {
  if (core === undefined) {
    return;
  }
  const require = createRequire(import.meta.url);
  const { satisfies, validRange, gtr } = require('semver') as typeof import('semver');
  const version = packageVersion();
  if (satisfies(version, core)) {
    return;
  }
  if (validRange(core) === null) {
    throw new VirtSimilarityError('usage', `plugin ${name}: expected core to be a version range, found '${core}'`);
  }
  const remedy = gtr(version, core) ? `upgrade ${name}` : 'upgrade virt-similarity';
  const found = `plugin ${name} requires @virt-similarity/core ${core}, found ${version}`;
  throw new VirtSimilarityError('usage', `${found}; ${remedy}`);
}
