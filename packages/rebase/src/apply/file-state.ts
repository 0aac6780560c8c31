import type { BigIntStats } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { type FileStamp, fileKeyOf, fileNumberOf, OpenDirectory, sweepOnce, systemPath } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import type { JournalFile } from './journal.js';

/** The directories of a plan, each opened once, so that later changes of their paths have no effect. */
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

  /** Gives a file a second name, which must be unused, and flushes the directory to disk. */
  async link(path: string, second: string): Promise<void> {
    const directory = await this.of(path);
    await directory.link(basename(path), basename(second));
    await directory.sync();
  }

  /** Renames a file within its directory, replacing the file with the other name, and flushes the directory to disk. */
  async rename(path: string, other: string): Promise<void> {
    const directory = await this.of(path);
    await directory.rename(basename(path), basename(other));
    await directory.sync();
  }

  async remove(path: string): Promise<void> {
    const directory = await this.of(path);
    await directory.remove(basename(path));
    await directory.sync();
  }

  /** Removes the temporary files that killed processes left in all directories that were used. */
  async sweep(): Promise<void> {
    for (const directory of this.#open.values()) {
      await sweepOnce(await directory);
    }
  }

  /** Returns the file system on which new files beside a file would be, and the bytes that are free on it. */
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

  /** Records the present ctime of a file, for example after a change that this process made. */
  see(status: BigIntStats): void {
    this.#ctimes.set(fileKeyOf(fileNumberOf(status)), status.ctimeNs);
  }

  /**
   * Returns whether a file has the ctime that was recorded. Records the ctime of a file that is seen for the first
   * time.
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
 * Returns whether a status is that of the planned file, with the same size and mtime. Ignores the ctime, which adding a
 * name changes.
 */
export function isPlanned(status: BigIntStats | undefined, { device, inode, size, mtimeNs }: FileStamp): boolean {
  return isSameFile(status, { device, inode }) && status!.size === size && status!.mtimeNs === mtimeNs;
}

export function isSameFile(
  status: BigIntStats | undefined,
  { device, inode }: Pick<FileStamp, 'device' | 'inode'>,
): boolean {
  return status !== undefined && status.dev === device && status.ino === inode;
}

/** Returns whether a status is that of the file that the journal records, with the same size and mtime. */
export function isWrittenFile(status: BigIntStats | undefined, file: JournalFile | undefined): boolean {
  return (
    status !== undefined &&
    file !== undefined &&
    status.dev === BigInt(file.device) &&
    status.ino === BigInt(file.inode) &&
    status.size === BigInt(file.size) &&
    status.mtimeNs === BigInt(file.mtimeNs)
  );
}

export function changed(path: string, problem: string): VirtSimilarityError {
  return new VirtSimilarityError('changed', `${path} ${problem}`, { image: path });
}
