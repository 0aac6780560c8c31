import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { VirtSimilarityError } from '../errors.js';

/** The remedy for a program in which a bundler inlined plugins or these packages. */
export const BUNDLER_REMEDY =
  'if a bundler created this program, keep @virt-similarity/* and plugins external ' +
  '(esbuild: --external:@virt-similarity/*)';

/**
 * Reads the file of a module, of this package or of a plugin.
 *
 * @throws whatever the system throws.
 */
export function readModuleFile(url: URL): Buffer {
  return readFileSync(url);
}

/**
 * Requires that a file of this package exists. A URL with another scheme than `file:` is not checked.
 *
 * @param purpose completes “cannot …” in the message
 * @throws `unavailable` if the file does not exist, for example because a bundler copied the code but not the file.
 */
export function requireModuleFile(url: URL, purpose: string): void {
  if (url.protocol !== 'file:' || existsSync(url)) {
    return;
  }
  const problem = `cannot ${purpose}: expected ${fileURLToPath(url)}, found no such file`;
  throw new VirtSimilarityError('unavailable', `${problem}; ${BUNDLER_REMEDY}, otherwise reinstall virt-similarity`);
}
