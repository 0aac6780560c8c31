import { type Analyzer, type AnalyzerParts, createAnalyzer } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import reporters from '@virt-similarity/reporters';

/**
 * Composes the analyzer from the built-in plugins and the user's. This is the composition root: no other module knows
 * every plugin. The user's plugins run isolated, because only the built-in ones are trusted to return.
 *
 * This module loads all others, so import it only once there is work to do.
 */
export function composeAnalyzer({
  plugins,
  ...others
}: Pick<AnalyzerParts, 'plugins' | 'pluginTimeout' | 'logger'>): Analyzer {
  return createAnalyzer({ plugins: [readers, hashers, reporters], isolated: plugins, ...others });
}
