import { type BigIntStats, constants } from 'node:fs';
import { open, stat, statfs } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { type FileStamp, fileKeyOf, fileNumberOf, OpenDirectory, sweepOnce, systemPath } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import type { JournalFile } from './journal.js';

/**
 * The directories of a plan. Each is opened once, at its first use. Later calls use the open directory, even if another
 * directory has replaced it at its path.
 */
export class PlanDirectories {
  readonly #open = new Map<string, Promise<OpenDirectory>>();

  of(path: string): Promise<OpenDirectory> {
    const name = dirname(path);
    let directory = this.#open.get(name);
    if (directory === undefined) {
      directory = OpenDirectory.open(name);
      this.#open.set(name, directory);
    }
    return directory;
  }

  /** Returns the status of a file; `undefined` if there is none. Does not follow a symbolic link. */
  async statusOf(path: string): Promise<BigIntStats | undefined> {
    const directory = await this.of(path);
    return directory.statusOf(basename(path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') {
        return undefined;
      }
      throw error;
    });
  }

  /**
   * Creates a second name for a file in the same directory (a hard link), and flushes the directory to disk. The second
   * name must not exist.
   */
  async link(path: string, second: string): Promise<void> {
    const directory = await this.of(path);
    await directory.link(basename(path), basename(second));
    await directory.sync();
  }

  /**
   * Renames a file within its directory, and flushes the directory to disk. A file that has the new name is replaced.
   */
  async rename(path: string, other: string): Promise<void> {
    const directory = await this.of(path);
    await directory.rename(basename(path), basename(other));
    await directory.sync();
  }

  /**
   * Changes the permission bits of a regular file. Does not follow a symbolic link.
   */
  async chmod(path: string, mode: number): Promise<void> {
    const directory = await this.of(path);
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(directory.pathOf(basename(path)), flags);
    try {
      await file.chmod(mode);
    } finally {
      await file.close();
    }
  }

  /**
   * Requires that each directory that is open is still at its path.
   *
   * @throws `changed` if another directory, or none, is there.
   */
  async requireInPlace(): Promise<void> {
    for (const [path, opened] of this.#open) {
      const { stats } = await opened;
      const found = await stat(systemPath(path), { bigint: true }).catch(() => undefined);
      if (found?.dev !== stats.dev || found.ino !== stats.ino) {
        throw changed(path, 'was replaced by another directory while the plan was applied; roll back and plan again');
      }
    }
  }

  async removeIfPresent(path: string): Promise<void> {
    if ((await this.statusOf(path)) !== undefined) {
      await this.remove(path);
    }
  }

  async remove(path: string): Promise<void> {
    const directory = await this.of(path);
    await directory.remove(basename(path));
    await directory.sync();
  }

  /**
   * Removes the temporary files that killed processes left in the directories that are open. Each directory is swept
   * only once per process.
   */
  async sweep(): Promise<void> {
    for (const directory of this.#open.values()) {
      await sweepOnce(await directory);
    }
  }

  /**
   * Returns the device number of the file system that contains the directory of a path, and the bytes on it that are
   * available to unprivileged users.
   */
  async freeBytes(path: string): Promise<{ readonly fileSystem: string; readonly bytes: number }> {
    const { bavail, bsize } = await statfs(systemPath(dirname(path)), { bigint: true });
    const directory = await this.of(path);
    return { fileSystem: String(directory.stats.dev), bytes: Number(bavail * bsize) };
  }

  async close(): Promise<void> {
    for (const directory of await Promise.allSettled(this.#open.values())) {
      if (directory.status === 'fulfilled') {
        directory.value.close();
      }
    }
  }
}

/** The ctimes that this process recorded of files. Unlike mtimes, they cannot be set to a chosen value. */
export class LastChanges {
  readonly #ctimes = new Map<string, bigint>();

  /** Records the ctime in a status, for example after this process has changed the file. */
  see(status: BigIntStats): void {
    this.#ctimes.set(fileKeyOf(fileNumberOf(status)), status.ctimeNs);
  }

  /**
   * Returns whether a file has the ctime that was recorded for it. If none was recorded, records the present one and
   * returns `true`.
   */
  isAsSeen(status: BigIntStats): boolean {
    const seen = this.#ctimes.get(fileKeyOf(fileNumberOf(status)));
    if (seen === undefined) {
      this.see(status);
    }
    return seen === undefined || seen === status.ctimeNs;
  }
}

/**
 * Returns whether a status is that of the planned file, with the same size and mtime. Ignores the ctime, which a new
 * hard link changes, and the device number, which can change when the file system is mounted again.
 */
export function isPlanned(status: BigIntStats | undefined, { inode, size, mtimeNs }: FileStamp): boolean {
  return isSameFile(status, inode) && status!.size === size && status!.mtimeNs === mtimeNs;
}

export function isSameFile(status: BigIntStats | undefined, inode: bigint): boolean {
  return status !== undefined && status.ino === inode;
}

/** Returns whether a status is that of the file that the journal records, with the same size and mtime. */
export function isWrittenFile(status: BigIntStats | undefined, file: JournalFile | undefined): boolean {
  return (
    status !== undefined &&
    file !== undefined &&
    status.ino === BigInt(file.inode) &&
    status.size === BigInt(file.size) &&
    status.mtimeNs === BigInt(file.mtimeNs)
  );
}

export function changed(path: string, problem: string): VirtSimilarityError {
  return new VirtSimilarityError('changed', `${path} ${problem}`, { image: path });
}
