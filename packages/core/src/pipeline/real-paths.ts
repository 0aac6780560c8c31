import { lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathText, systemPath } from '../paths/path-text.js';

/** Paths without symbolic links. Of many files in one directory, the directory's is looked up once. */
export class RealPaths {
  readonly #directories = new Map<string, string>();

  /** The path of a file or directory without symbolic links. Throws what the system throws. */
  of(path: string): string {
    // Anything else may end in `..`, or in a link, of which only the system knows what it means.
    const isFile = lstatSync(systemPath(path)).isFile();
    return isFile ? join(this.ofDirectory(dirname(path)), basename(path)) : realPathOf(path);
  }

  ofDirectory(path: string): string {
    let real = this.#directories.get(path);
    if (real === undefined) {
      real = realPathOf(path);
      this.#directories.set(path, real);
    }
    return real;
  }
}

function realPathOf(path: string): string {
  return pathText(realpathSync.native(systemPath(path), 'buffer'));
}
