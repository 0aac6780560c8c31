import { type Analyzer, type ConfiguredPlugin, createAnalyzer, type Logger } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import reporters from '@virt-similarity/reporters';

/**
 * The composition root: the one place that knows every plugin. The project's own come first, and only they are trusted to
 * return.
 * Loading it loads everything, so it is imported once it is clear that there is something to do.
 */
export function composeAnalyzer(plugins: readonly ConfiguredPlugin[], logger: Logger): Analyzer {
  return createAnalyzer({ plugins: [readers, hashers, reporters], isolated: plugins, logger });
}
