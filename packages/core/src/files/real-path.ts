import { realpath } from 'node:fs/promises';
import { pathText, systemPath } from './path-text.js';

/** The text of a path without symbolic links, absolute. Throws what the system throws. */
export async function realPath(path: string): Promise<string> {
  return pathText(await realpath(systemPath(path), 'buffer'));
}
