import { realpathSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { pathText } from './path-text.js';

/** What Node.js makes of bytes that are not UTF-8. */
const REPLACEMENT = '\uFFFD';

/**
 * A path seen from the working directory. Not normalised: what `..` means behind a symbolic link is for the kernel to say.
 */
export function absolutePath(path: string): string {
  return isAbsolute(path) ? path : `${workingDirectory()}/${path}`;
}

function workingDirectory(): string {
  const directory = process.cwd();
  return directory.includes(REPLACEMENT) ? pathText(realpathSync.native('.', 'buffer')) : directory;
}
