import { type Analyzer, type AnalyzerParts, createAnalyzer } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import reporters from '@virt-similarity/reporters';

/**
 * The composition root: the one place that knows every plugin. The project's own come first, and only they are trusted to
 * return.
 * Loading it loads everything, so it is imported once it is clear that there is something to do.
 */
export function composeAnalyzer({
  plugins,
  ...others
}: Pick<AnalyzerParts, 'plugins' | 'pluginTimeout' | 'logger'>): Analyzer {
  return createAnalyzer({ plugins: [readers, hashers, reporters], isolated: plugins, ...others });
}
