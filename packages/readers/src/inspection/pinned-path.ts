import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink } from 'node:fs/promises';
import { fileNumberOf, pathText, sameFile, systemPath } from '@virt-similarity/core';
import { HeaderError } from './header-error.js';
import { systemErrors } from './system-errors.js';

/** Linux's `O_PATH`, which `node:fs` does not export; the same number on every architecture that Node.js supports. */
const O_PATH = 0o10_000_000;

/**
 * A file or directory that was looked up once and is held by a descriptor. Whatever happens to its path afterwards, the
 * same file is checked and opened. Looking up a path does not open the file: no device starts, no FIFO blocks.
 */
export class PinnedPath {
  readonly stats: BigIntStats;
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle, stats: BigIntStats) {
    this.#handle = handle;
    this.stats = stats;
  }

  /**
   * Looks up a path and follows symbolic links. If `flags` has `O_NOFOLLOW` and the path is a link, the link itself is
   * held. The caller closes the result.
   *
   * @throws `HeaderError` if the path cannot be looked up.
   */
  static async lookUp(path: string, flags = 0): Promise<PinnedPath> {
    const handle = await systemErrors(() => open(systemPath(path), O_PATH | flags));
    try {
      return new PinnedPath(handle, await systemErrors(() => handle.stat({ bigint: true })));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Looks up a directory. Otherwise as `lookUp`; also throws if the path does not lead to a directory. */
  static directory(path: string): Promise<PinnedPath> {
    return PinnedPath.lookUp(path, constants.O_DIRECTORY);
  }

  /** Looks up an entry of this directory. Otherwise as `lookUp`. */
  entry(name: string, flags?: number): Promise<PinnedPath> {
    return PinnedPath.lookUp(`${this.#descriptorPath}/${name}`, flags);
  }

  /**
   * Returns the path of the file without symbolic links.
   *
   * @throws `HeaderError` if the path cannot be read, or if the file was moved or replaced since it was looked up.
   */
  async realPath(): Promise<string> {
    const path = pathText(await systemErrors(() => readlink(this.#descriptorPath, 'buffer')));
    const found = await lstat(systemPath(path), { bigint: true }).catch(() => undefined);
    if (found === undefined || !sameFile(fileNumberOf(found), fileNumberOf(this.stats))) {
      throw new HeaderError(
        'changed',
        'it was moved or replaced while it was opened; wait until no program is changing it, then try again',
      );
    }
    return path;
  }

  /**
   * Opens this file for reading, without waiting for a writer. The caller closes the handle.
   *
   * @throws `HeaderError` if the file cannot be opened.
   */
  openForReading(): Promise<FileHandle> {
    return systemErrors(() => open(this.#descriptorPath, constants.O_RDONLY | constants.O_NONBLOCK));
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  get #descriptorPath(): string {
    return `/proc/self/fd/${this.#handle.fd}`;
  }
}
