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
  /** Complete, defaults included. */
  readonly options: OptionValues;
  /** Whether what the plugin does must not harm others: see `AnalyzerParts.isolated`. */
  readonly isIsolated: boolean;
  /** Set for the parts that the embedding program registered in its container. */
  readonly isOfProgram?: true;
}

/**
 * A plugin, checked, with the values of its options.
 *
 * @throws `usage` where it is no plugin, an option cannot be used, it was made for another version of this package, or
 *   it is to be isolated and has no url.
 */
export function registeredPlugin(configured: ConfiguredPlugin, isIsolated: boolean): RegisteredPlugin {
  const [given, options] = isPair(configured) ? configured : [configured, {}];
  const plugin = checkPlugin(given, 'createAnalyzer');
  requireThisCore(plugin);
  if (isIsolated && plugin.url === undefined) {
    const problem = `plugin ${plugin.name} cannot be isolated: expected its url, found none`;
    throw new VirtSimilarityError('usage', `${problem}; let it say url: import.meta.url`);
  }
  return { plugin, options: completeOptionValues(plugin.name, plugin.options, options), isIsolated };
}

function isPair(configured: ConfiguredPlugin): configured is Extract<ConfiguredPlugin, readonly unknown[]> {
  return Array.isArray(configured);
}

/** @throws `usage` if the plugin's range excludes this version. */
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
    throw new VirtSimilarityError('usage', `plugin ${name}: expected core to be a range of versions, found '${core}'`);
  }
  const remedy = gtr(version, core) ? `upgrade ${name}` : 'upgrade virt-similarity';
  const found = `plugin ${name} was made for @virt-similarity/core ${core}, found ${version}`;
  throw new VirtSimilarityError('usage', `${found}; ${remedy}`);
}
