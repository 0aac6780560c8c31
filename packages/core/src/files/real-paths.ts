import type { Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { realPath } from './real-path.js';

/** Paths without symbolic links. The directory of many files is resolved once. */
export class RealPaths {
  readonly #directories = new Map<string, Promise<string>>();

  /**
   * The path of a file without symbolic links.
   *
   * @param status what lstat(2) says of it
   * @throws what the system throws.
   */
  async of(path: string, status: Stats): Promise<string> {
    // Anything but a regular file may end in `..`, or be a link: only the system can resolve it.
    return status.isFile() ? join(await this.ofDirectory(dirname(path)), basename(path)) : realPath(path);
  }

  /** @throws what the system throws. */
  ofDirectory(path: string): Promise<string> {
    let real = this.#directories.get(path);
    if (real === undefined) {
      real = realPath(path);
      this.#directories.set(path, real);
    }
    return real;
  }
}
