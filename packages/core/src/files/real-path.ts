import { realpathSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { pathText, systemPath } from './path-text.js';

/**
 * Resolves symbolic links. Returns the text of the absolute path.
 *
 * @throws whatever the system throws.
 */
export async function realPath(path: string): Promise<string> {
  return pathText(await realpath(systemPath(path), 'buffer'));
}

/** Like `realPath`, synchronously; `undefined` if the path cannot be resolved. */
export function realPathSync(path: string): string | undefined {
  try {
    return pathText(realpathSync.native(systemPath(path), 'buffer'));
  } catch {
    return undefined;
  }
}
