import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { VirtSimilarityError } from '../errors.js';
import { realPathSync } from '../files/real-path.js';

/** Set in threads that import plugins; by a symbol of all copies of this package, as a plugin may have one of its own. */
const PLUGIN_THREAD = Symbol.for('virt-similarity.plugin-thread');
const REMEDY = 'put the plugin into a module of its own, and let its url be import.meta.url there';

/** Marks this thread as one that only imports plugins and uses their parts. */
export function enterPluginThread(): void {
  Object.assign(globalThis, { [PLUGIN_THREAD]: true });
}

/**
 * Requires of a module that threads are to import that it is not the program that is running: every thread would start
 * it again, and with it more threads.
 *
 * @param part such as `hasher checksum`, for the message
 * @throws `usage`: where it is the main module, and in a thread that a program was started in by being imported.
 */
export function requireNotTheProgram(url: string, part: string): void {
  if (PLUGIN_THREAD in globalThis) {
    const found = `cannot run ${part} in threads: a module that a worker thread imported as a plugin starts an analysis`;
    throw new VirtSimilarityError('usage', `${found}; ${REMEDY}`);
  }
  if (isMainModule(url)) {
    const found = `cannot run ${part} in threads: ${url} is the program itself, which each of them would start again`;
    throw new VirtSimilarityError('usage', `${found}; ${REMEDY}`);
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

/** Node.js takes a program's name without its extension too, which is costly to resolve. */
function resolvedProgram(program: string): string {
  return createRequire(import.meta.url).resolve(program);
}
