import type { Constructor, Plugin } from '../contracts/plugin.js';
import { pluginError, VirtSimilarityError } from '../errors.js';
import type { IsolationLimits } from '../isolation/isolated-thread.js';
import { withTimeout } from '../isolation/with-timeout.js';
import { requireNotTheProgram } from '../threads/require-not-the-program.js';
import { TimeLimitError } from '../threads/time-limit-error.js';

/** A part of a plugin that threads are to import. */
export interface ImportedPart {
  /** Such as `hasher checksum`. */
  readonly description: string;
  /** Name of the plugin. */
  readonly plugin: string;
  readonly list: keyof Plugin;
  readonly partClass: Constructor<unknown>;
  readonly url: string;
}

/**
 * Requires that a thread that imports the plugin's module gets the very class that was registered. A class that a factory
 * made, or a plugin that is not what the module exports, would be replaced by another one with other options.
 * Throws `usage` where it is another class or the program itself, `plugin` where the module throws, `unavailable` where
 * it never finishes loading, and `aborted`.
 */
export async function requireImportable(part: ImportedPart, limits: IsolationLimits): Promise<void> {
  const { description, plugin, list, partClass, url } = part;
  requireNotTheProgram(url, description);
  const exported = await importDefault(part, limits);
  const classes = typeof exported === 'object' && exported !== null ? (exported as Record<string, unknown>)[list] : [];
  if (Array.isArray(classes) && classes.includes(partClass)) return;
  const expected = `expected its class among the ${list} of the default export of ${url}, found another`;
  const remedy =
    'options of a plugin are not passed to threads: make the configured plugin the default export of a module of its own, ' +
    'register that, and let its url be import.meta.url there';
  throw new VirtSimilarityError('usage', `cannot run ${description} of ${plugin} in threads: ${expected}; ${remedy}`);
}

async function importDefault({ plugin, url }: ImportedPart, limits: IsolationLimits): Promise<unknown> {
  try {
    const loaded: { readonly default?: unknown } = await withTimeout(import(url), limits);
    return loaded.default;
  } catch (thrown) {
    if (thrown instanceof TimeLimitError) throw neverLoaded(plugin, url, thrown);
    throw pluginError(plugin, `cannot import ${url}`, thrown);
  }
}

/** What waits for an analysis that waits for it: the program's own module, as it is still being loaded. */
function neverLoaded(plugin: string, url: string, cause: TimeLimitError): VirtSimilarityError {
  const problem = `[${plugin}] ${url} has not finished loading: ${cause.message}`;
  const remedy = 'put the plugin into a module of its own, which does not wait for the analysis';
  return new VirtSimilarityError('unavailable', `${problem}; ${remedy}`, { cause });
}
