import { basename, dirname, join } from 'node:path';
import type { EntryKind } from './directory-entries.js';
import { OpenDirectory } from './open-directory.js';
import { realPath } from './real-path.js';

/** Resolves symbolic links in paths. Caches directories, so that the directory of many files is resolved once. */
export class RealPaths {
  readonly #directories = new Map<string, Promise<string>>();
  readonly #owned = new Map<string, Promise<string | undefined>>();

  /**
   * Returns the path of a file without symbolic links.
   *
   * @param kind the kind of the file at the path, without following a symbolic link
   * @throws whatever the system throws.
   */
  async of(path: string, kind: EntryKind): Promise<string> {
    // The path of anything other than a regular file can end in `..` or be a link, which only the system can resolve.
    return kind === 'file' ? join(await this.ofDirectory(dirname(path)), basename(path)) : realPath(path);
  }

  /**
   * Returns the path of a directory without symbolic links; `undefined` if the directory cannot be opened, or if its
   * path ends in a symbolic link of another user, who could redirect it.
   */
  ofOwnDirectory(path: string): Promise<string | undefined> {
    let real = this.#owned.get(path);
    if (real === undefined) {
      real = OpenDirectory.realPathOf(path).catch(() => undefined);
      this.#owned.set(path, real);
    }
    return real;
  }

  /**
   * Returns the path of a directory without symbolic links.
   *
   * @throws whatever the system throws.
   */
  ofDirectory(path: string): Promise<string> {
    let real = this.#directories.get(path);
    if (real === undefined) {
      real = realPath(path);
      this.#directories.set(path, real);
    }
    return real;
  }
}
