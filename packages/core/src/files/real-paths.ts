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
   * @param kind what is at the path
   * @throws whatever the system throws.
   */
  async of(path: string, kind: EntryKind): Promise<string> {
    // A path of anything but a regular file may end in `..` or be a link: only the system can resolve it.
    return kind === 'file' ? join(await this.ofDirectory(dirname(path)), basename(path)) : realPath(path);
  }

  /**
   * Returns the path of a directory that no other user can redirect; `undefined` if the directory cannot be opened, or
   * if its path ends in a symbolic link of another user.
   */
  ofOwnDirectory(path: string): Promise<string | undefined> {
    let real = this.#owned.get(path);
    if (real === undefined) {
      real = OpenDirectory.realPathOf(path).catch(() => undefined);
      this.#owned.set(path, real);
    }
    return real;
  }

  /** @throws whatever the system throws. */
  ofDirectory(path: string): Promise<string> {
    let real = this.#directories.get(path);
    if (real === undefined) {
      real = realPath(path);
      this.#directories.set(path, real);
    }
    return real;
  }
}
