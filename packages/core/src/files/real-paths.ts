import { basename, dirname, join } from 'node:path';
import type { EntryKind } from './directory-entries.js';
import { realPath } from './real-path.js';

/** Paths without symbolic links. The directory of many files is resolved once. */
export class RealPaths {
  readonly #directories = new Map<string, Promise<string>>();

  /**
   * The path of a file without symbolic links.
   *
   * @param kind what is there
   * @throws what the system throws.
   */
  async of(path: string, kind: EntryKind): Promise<string> {
    // Anything but a regular file may end in `..`, or be a link: only the system can resolve it.
    return kind === 'file' ? join(await this.ofDirectory(dirname(path)), basename(path)) : realPath(path);
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
