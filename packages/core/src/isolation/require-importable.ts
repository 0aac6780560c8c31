import { defaultExportOf } from '../composition/default-export.js';
import { PART_KINDS } from '../composition/part-kinds.js';
import type { ProvidedPart } from '../composition/part-registry.js';
import type { Plugin } from '../contracts/plugin.js';
import { pluginError, VirtSimilarityError } from '../errors.js';
import { requireModuleFile } from '../files/module-file.js';
import { requireNotTheProgram } from '../threads/require-not-the-program.js';
import { TimeLimitError } from '../threads/time-limit-error.js';
import { withTimeout } from '../threads/with-timeout.js';
import type { IsolationLimits } from './part-thread.js';
import { PART_WORKER } from './part-work.js';

/**
 * Requires that a thread that imports the plugins' modules gets the same parts that were registered here. A plugin that
 * a function created would be replaced by the module's default export, with other settings. Imports the modules into
 * this thread.
 *
 * @param description the part that will run in threads, such as `hasher checksum`
 * @param parts all parts of the plugins that this part needs; each plugin has a `url`
 * @throws `usage` if a part differs, a module is the program itself, or this thread imports plugins; `plugin` if a
 *   module throws; `unavailable` if a module exceeds the time limit for loading, a system resource is exhausted, or a
 *   bundler left out a file that threads need; and `aborted`.
 */
export async function requireImportable(
  description: string,
  parts: readonly ProvidedPart[],
  limits: IsolationLimits,
): Promise<void> {
  // Checked first: if a bundler copied the code of the plugins into the program, the next check would fail with a less
  // helpful error.
  requireModuleFile(PART_WORKER, `run ${description} in threads`);
  for (const { plugin, kind, name, provider } of parts) {
    const url = plugin.url!;
    requireNotTheProgram(url, description);
    const { list } = PART_KINDS[kind];
    const exported = (await importDefault(plugin.name, url, limits)) as Plugin | undefined;
    if (exported?.[list]?.[name] === provider) {
      continue;
    }
    const expected = `expected ${kind} ${name} of ${plugin.name} in the default export of ${url}, found another`;
    const remedy =
      'threads import the module again, so a plugin that a function created loses its settings; export the plugin by ' +
      'default, declare its settings as options, and pass their values with it: [plugin, { … }]';
    throw new VirtSimilarityError('usage', `cannot run ${description} in threads: ${expected}; ${remedy}`);
  }
}

async function importDefault(plugin: string, url: string, limits: IsolationLimits): Promise<unknown> {
  try {
    return defaultExportOf(await withTimeout(import(url), limits));
  } catch (thrown) {
    if (thrown instanceof TimeLimitError) {
      throw neverLoaded(plugin, url, thrown);
    }
    throw pluginError(plugin, `cannot import ${url}`, thrown);
  }
}

/**
 * Creates the error for a module that has not loaded within the time limit. Usually, the module waits for the analysis,
 * which waits for the module.
 */
function neverLoaded(plugin: string, url: string, cause: TimeLimitError): VirtSimilarityError {
  const problem = `[${plugin}] ${url} has not finished loading: ${cause.message}`;
  const remedy = 'put the plugin into a separate module that does not wait for the analysis';
  return new VirtSimilarityError('unavailable', `${problem}; ${remedy}`, { cause });
}
