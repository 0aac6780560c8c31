import { type BigIntStats, closeSync, constants, fstat, fsync, open } from 'node:fs';
import { link, lstat, readdir, readlink, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { VirtSimilarityError } from '../errors.js';
import { fileNumberOf, sameFile, sameState, stampOf } from '../identity/stamp.js';
import { systemCode } from './file-error.js';
import { pathText, systemPath } from './path-text.js';

const openAsync = promisify(open);
const statAsync = promisify<number, { bigint: true }, BigIntStats>(fstat);
const fsyncAsync = promisify(fsync);

/**
 * Linux's `O_PATH`, which `node:fs` does not export; it has the same value on every architecture that Node.js supports.
 */
const O_PATH = 0o10_000_000;

/** The most symbolic links that Linux follows in one path. */
const MOST_LINKS = 40;

const ROOT = 0n;

/**
 * An open directory. Names in it are resolved from its descriptor, like openat(2), so they refer to this directory even
 * if somebody replaces the directory at the path, or a link on the path. Node.js has no openat; Linux resolves
 * `/proc/self/fd/N/name` in the same way.
 */
export class OpenDirectory {
  /** The path by which the directory was opened, for messages. */
  readonly path: string;
  /** The status at the time of opening. */
  readonly stats: BigIntStats;
  #descriptor: number | undefined;

  private constructor(path: string, descriptor: number, stats: BigIntStats) {
    this.path = path;
    this.#descriptor = descriptor;
    this.stats = stats;
  }

  /**
   * Opens the directory that a user named. The path may end in symbolic links that belong to this user or to root. The
   * caller closes the directory.
   *
   * @throws `refused` if a link at the end of the path belongs to another user, `changed` if such a link is replaced
   *   meanwhile, `unreadable` for more than 40 such links or a loop of links, `unavailable` if /proc is not mounted,
   *   and whatever the system throws.
   */
  static open(path: string): Promise<OpenDirectory> {
    return OpenDirectory.#openNamed(path, constants.O_RDONLY);
  }

  /**
   * Returns the path, without symbolic links, of a directory that a user named. Needs no permission to read the
   * directory.
   *
   * @throws as {@link open}.
   */
  static async realPathOf(path: string): Promise<string> {
    const directory = await OpenDirectory.#openNamed(path, O_PATH);
    try {
      return pathText(await readlink(`/proc/self/fd/${directory.#descriptor}`, 'buffer'));
    } finally {
      directory.close();
    }
  }

  static async #openNamed(path: string, access: number): Promise<OpenDirectory> {
    let place = withoutSlashes(path);
    for (let links = 0; links <= MOST_LINKS; links++) {
      const link = await lstat(systemPath(place), { bigint: true });
      if (!link.isSymbolicLink()) {
        return OpenDirectory.#openAt(systemPath(place), path, access | constants.O_NOFOLLOW);
      }
      requireOwnLink(path, link);
      const target = pathText(await readlink(systemPath(place), 'buffer'));
      const now = await lstat(systemPath(place), { bigint: true }).catch(() => undefined);
      if (now === undefined || !sameState(stampOf(path, now), stampOf(path, link))) {
        throw new VirtSimilarityError(
          'changed',
          `cannot use directory ${path}: it was replaced while it was being opened; run again`,
        );
      }
      // Not normalised: only the system can resolve `..` after a link.
      place = withoutSlashes(target.startsWith('/') ? target : `${dirname(place)}/${target}`);
    }
    throw new VirtSimilarityError('unreadable', `cannot use directory ${path}: it is a loop of symbolic links`);
  }

  /**
   * Opens a directory without following a link at its path. The caller closes the directory.
   *
   * @throws `unavailable` if /proc is not mounted, and whatever the system throws; for a link, an error with the code
   *   `ELOOP` or `ENOTDIR`.
   */
  static openItself(path: string): Promise<OpenDirectory> {
    return OpenDirectory.#openAt(systemPath(path), path, constants.O_RDONLY | constants.O_NOFOLLOW);
  }

  static async #openAt(place: string | Buffer, path: string, flags: number): Promise<OpenDirectory> {
    const descriptor = await openAsync(place, constants.O_DIRECTORY | flags);
    try {
      const stats = await statAsync(descriptor, { bigint: true });
      const directory = new OpenDirectory(path, descriptor, stats);
      await requireProc(directory);
      return directory;
    } catch (thrown) {
      closeSync(descriptor);
      throw thrown;
    }
  }

  /**
   * Opens a subdirectory of this directory, without following a link. The caller closes the subdirectory.
   *
   * @param path the subdirectory's path, for messages
   * @throws as {@link openItself}.
   */
  openBelow(name: string, path: string): Promise<OpenDirectory> {
    return OpenDirectory.#openAt(this.pathOf(name), path, constants.O_RDONLY | constants.O_NOFOLLOW);
  }

  /**
   * Returns the path of a name in this directory for functions of `node:fs`. Valid while the directory is open.
   *
   * @throws a plain `Error` if the directory is closed.
   */
  pathOf(name: string): string | Buffer {
    if (this.#descriptor === undefined) {
      throw new Error(`directory ${this.path} is closed`);
    }
    return systemPath(`/proc/self/fd/${this.#descriptor}/${name}`);
  }

  /**
   * Returns the names in the directory, sorted. Bytes that are not UTF-8 are replaced by U+FFFD. This and the following
   * four methods throw whatever the system throws, and as {@link pathOf}.
   */
  async names(): Promise<string[]> {
    return (await readdir(this.pathOf('.'))).sort();
  }

  /** Returns the lstat(2) status of a name. */
  statusOf(name: string): Promise<BigIntStats> {
    return lstat(this.pathOf(name), { bigint: true });
  }

  /** Gives a file a second name (a hard link), which must be unused. */
  link(name: string, second: string): Promise<void> {
    return link(this.pathOf(name), this.pathOf(second));
  }

  /** Renames a file, and replaces any file with the new name. */
  rename(name: string, newName: string): Promise<void> {
    return rename(this.pathOf(name), this.pathOf(newName));
  }

  /** Removes the name of a file. */
  remove(name: string): Promise<void> {
    return unlink(this.pathOf(name));
  }

  /**
   * Flushes the names in the directory to disk, if the file system supports that.
   *
   * @throws whatever the system throws.
   */
  async sync(): Promise<void> {
    try {
      await fsyncAsync(this.#descriptor ?? -1);
    } catch (thrown) {
      // Some network file systems cannot flush a directory. Only the names may then be lost in a crash: the files'
      // content was flushed separately.
      if (systemCode(thrown) !== 'EINVAL') {
        throw thrown;
      }
    }
  }

  /** Closes the directory. Idempotent. */
  close(): void {
    if (this.#descriptor !== undefined) {
      closeSync(this.#descriptor);
      this.#descriptor = undefined;
    }
  }
}

/** @throws `refused` for a link that belongs neither to this user nor to root. */
function requireOwnLink(path: string, { uid }: BigIntStats): void {
  if (uid !== ROOT && uid !== BigInt(process.getuid?.() ?? 0)) {
    const found = 'it is a symbolic link that belongs to another user';
    throw new VirtSimilarityError('refused', `cannot use directory ${path}: ${found}; name the directory itself`);
  }
}

let hasProc = false;

/**
 * Checks that /proc resolves descriptors correctly. Once the check has succeeded, it is not repeated.
 *
 * @throws `unavailable` if /proc does not resolve descriptors correctly.
 */
async function requireProc(directory: OpenDirectory): Promise<void> {
  if (hasProc) {
    return;
  }
  // Not of the name `.`: looking up a name in a directory needs permission to search it.
  const seen = await stat(directory.pathOf(''), { bigint: true }).catch(() => undefined);
  if (seen === undefined || !sameFile(fileNumberOf(seen), fileNumberOf(directory.stats))) {
    throw new VirtSimilarityError(
      'unavailable',
      `cannot use directory ${directory.path}: /proc is not mounted; mount it`,
    );
  }
  hasProc = true;
}

/** Removes trailing slashes and `/.`, which would make lstat follow a link. */
function withoutSlashes(path: string): string {
  return path.replace(/(?<=.)(?:\/\.?)+$/, '');
}
