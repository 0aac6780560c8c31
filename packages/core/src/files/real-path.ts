import { realpathSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { pathText, systemPath } from './path-text.js';

/**
 * The text of a path without symbolic links, absolute.
 *
 * @throws what the system throws.
 */
export async function realPath(path: string): Promise<string> {
  return pathText(await realpath(systemPath(path), 'buffer'));
}

/** The same without waiting; `undefined` where the path leads nowhere. */
export function realPathSync(path: string): string | undefined {
  try {
    return pathText(realpathSync.native(systemPath(path), 'buffer'));
  } catch {
    return undefined;
  }
}
