import { createRequire } from 'node:module';
import { checkPlugin } from '../composition/check-plugin.js';
import { defaultExportOf } from '../composition/default-export.js';
import { completeOptionValues } from '../composition/option-values.js';
import type { Injection } from '../composition/part-containers.js';
import { PART_KIND_NAMES } from '../composition/part-kinds.js';
import { PartRegistry } from '../composition/part-registry.js';
import type { RegisteredPlugin } from '../composition/registered-plugin.js';
import type { PluginReference } from '../contracts/part-reference.js';
import type { Logger } from '../contracts/plugin.js';
import { enterPluginThread } from '../threads/require-not-the-program.js';

const require = createRequire(import.meta.url);

/**
 * Imports plugins into this thread and registers their parts, as the main thread does.
 *
 * @throws what the modules throw, and `usage` if a module does not export a valid plugin.
 */
export async function importRegistry(references: readonly PluginReference[], logger: Logger): Promise<PartRegistry> {
  const plugins = await Promise.all(
    references.map(async ({ url, options }) => {
      return { plugin: checkPlugin(await importDefault(url), url), options, isIsolated: false };
    }),
  );
  return registryOf(plugins, logger);
}

/**
 * Imports a plugin into this thread and constructs every part that can be constructed with default options. Errors that
 * occur after the import are ignored here, because they are reported when the parts are used.
 *
 * @throws what the module throws.
 */
export async function constructAllParts(url: string, logger: Logger): Promise<void> {
  const exported = await importDefault(url);
  attempt(() => {
    const plugin = checkPlugin(exported, url);
    const options = completeOptionValues(plugin.name, plugin.options);
    const registry = registryOf([{ plugin, options, isIsolated: false }], logger);
    for (const kind of PART_KIND_NAMES) {
      for (const name of registry.names(kind)) {
        attempt(() => registry.find(kind, name));
      }
    }
  });
}

function loadInjection(): Injection {
  const tsyringe = require('tsyringe') as typeof import('tsyringe');
  return { container: tsyringe.container, tsyringe };
}

function registryOf(plugins: readonly RegisteredPlugin[], logger: Logger): PartRegistry {
  // The time limit of the thread also limits its parts.
  return new PartRegistry(plugins, { logger, pluginTimeout: 0, loadInjection });
}

async function importDefault(url: string): Promise<unknown> {
  enterPluginThread();
  // Without this module, a plugin that imports tsyringe cannot be loaded.
  require('reflect-metadata/lite');
  return defaultExportOf(await import(url));
}

function attempt(act: () => void): void {
  try {
    act();
  } catch {
    // The error is reported when the part is used.
  }
}
