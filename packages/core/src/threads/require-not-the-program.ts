import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { VirtSimilarityError } from '../errors.js';
import { BUNDLER_REMEDY } from '../files/module-file.js';
import { realPathSync } from '../files/real-path.js';

/** Set in threads that import plugins. A global symbol, because a plugin may have its own copy of this package. */
const PLUGIN_THREAD = Symbol.for('virt-similarity.plugin-thread');
const REMEDY = `put the plugin into a separate module, and set its url to import.meta.url there; ${BUNDLER_REMEDY}`;

/** Marks this thread as a thread that only imports plugins and uses their parts. */
export function enterPluginThread(): void {
  Object.assign(globalThis, { [PLUGIN_THREAD]: true });
}

/**
 * Requires that a module that threads import is not the running program itself. Otherwise, every thread would start the
 * program again, and with it more threads.
 *
 * @param url the URL of the module
 * @param part the part for the message, such as `hasher checksum`
 * @throws `usage` if the module is the main module, or if this thread imports plugins, because one of their modules
 *   then starts an analysis.
 */
export function requireNotTheProgram(url: string, part: string): void {
  if (PLUGIN_THREAD in globalThis) {
    const problem = `cannot run ${part} in threads: a module that a thread imported as a plugin starts an analysis`;
    throw new VirtSimilarityError('usage', `${problem}; ${REMEDY}`);
  }
  if (isMainModule(url)) {
    const problem = `cannot run ${part} in threads: ${url} is the program itself, which every thread would start again`;
    throw new VirtSimilarityError('usage', `${problem}; ${REMEDY}`);
  }
}

function isMainModule(url: string): boolean {
  const [, program] = process.argv;
  if (program === undefined || !url.startsWith('file:')) {
    return false;
  }
  try {
    const main = realPathSync(program) ?? realPathSync(resolvedProgram(program));
    return main !== undefined && main === realPathSync(fileURLToPath(url));
  } catch {
    return false;
  }
}

/** Resolves the path of a program without its extension, which Node.js also accepts. Resolving takes long. */
function resolvedProgram(program: string): string {
  return createRequire(import.meta.url).resolve(program);
}
