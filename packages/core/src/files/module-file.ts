import { readFileSync } from 'node:fs';

/**
 * The bytes of a module's file, of this package or of a plugin.
 *
 * @throws what the system throws.
 */
export function readModuleFile(url: URL): Buffer {
  return readFileSync(url);
}
