import { realpathSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { pathText } from './path-text.js';

/** The character with which Node.js replaces bytes that are not UTF-8. */
const REPLACEMENT = '\uFFFD';

/**
 * Resolves a path against the working directory. Does not normalise it: only the kernel knows where `..` leads after a
 * symbolic link.
 *
 * @throws whatever the system throws if the path is relative and the working directory was removed before the process
 *   started.
 */
export function absolutePath(path: string): string {
  return isAbsolute(path) ? path : `${workingDirectory()}/${path}`;
}

function workingDirectory(): string {
  const directory = process.cwd();
  return directory.includes(REPLACEMENT) ? pathText(realpathSync.native('.', 'buffer')) : directory;
}
