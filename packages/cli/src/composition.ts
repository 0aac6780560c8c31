import { type Analyzer, type AnalyzerParts, createAnalyzer, type OptionValue } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import libvirt from '@virt-similarity/libvirt';
import readers from '@virt-similarity/readers';
import rebase from '@virt-similarity/rebase/plugin';
import reporters from '@virt-similarity/reporters';

/**
 * Composes the analyzer from the built-in plugins and the user's. This is the composition root: no other module knows
 * every plugin. The user's plugins run isolated, because only built-in plugins are trusted to end every call.
 *
 * Loading this module loads every built-in plugin, so import it only when the analyzer is needed.
 *
 * @param connect URI of the connection to libvirt
 */
export function composeAnalyzer(
  { plugins, ...others }: Pick<AnalyzerParts, 'plugins' | 'pluginTimeout' | 'logger'>,
  connect?: OptionValue,
): Analyzer {
  const own = [readers, hashers, reporters, rebase, [libvirt, connect === undefined ? {} : { connect }]] as const;
  return createAnalyzer({ plugins: own, isolated: plugins, ...others });
}
