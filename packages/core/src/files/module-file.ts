import { readFileSync } from 'node:fs';

/**
 * Reads the file of a module, of this package or of a plugin.
 *
 * @throws whatever the system throws.
 */
export function readModuleFile(url: URL): Buffer {
  return readFileSync(url);
}
