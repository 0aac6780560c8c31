import type { OpenDirectory } from '../files/open-directory.js';
import { openCacheDirectory } from './cache-directory.js';

/** A cache directory that is open while it is in use, so that concurrent look-ups share one descriptor. */
export class SharedCacheDirectory {
  readonly #path: string;
  #opened: { readonly directory: Promise<OpenDirectory | undefined>; users: number } | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Calls `call` with the open directory; with `undefined` if it does not exist.
   *
   * @throws as `openCacheDirectory` and the call.
   */
  async use<Result>(call: (directory: OpenDirectory | undefined) => Promise<Result>): Promise<Result> {
    this.#opened ??= { directory: openCacheDirectory(this.#path), users: 0 };
    const opened = this.#opened;
    opened.users += 1;
    try {
      return await call(await opened.directory);
    } finally {
      opened.users -= 1;
      if (opened.users === 0) {
        if (this.#opened === opened) {
          this.#opened = undefined;
        }
        (await opened.directory.catch(() => undefined))?.close();
      }
    }
  }
}
