import { type BigIntStats, closeSync, constants, fstat, fsync, open } from 'node:fs';
import { link, lstat, readdir, rename, stat, unlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { VirtSimilarityError } from '../errors.js';
import { fileNumberOf, sameFile, sameState, stampOf } from '../identity/stamp.js';
import { systemCode } from './file-error.js';
import { systemPath } from './path-text.js';

const openAsync = promisify(open);
const statAsync = promisify<number, { bigint: true }, BigIntStats>(fstat);
const fsyncAsync = promisify(fsync);

const ROOT = 0n;

/**
 * An open directory. The names in it are resolved from its descriptor, as openat(2) does, so they stay in this directory
 * when somebody replaces the directory, or a link on the way to it, at its path. Node.js has no openat; Linux resolves
 * `/proc/self/fd/N/name` in the same way.
 */
export class OpenDirectory {
  /** The path by which it was opened, for messages. */
  readonly path: string;
  /** As of opening. */
  readonly stats: BigIntStats;
  #descriptor: number | undefined;

  private constructor(path: string, descriptor: number, stats: BigIntStats) {
    this.path = path;
    this.#descriptor = descriptor;
    this.stats = stats;
  }

  /**
   * Opens the directory that a user named. The path may end in a symbolic link, but only in one of the same user's or
   * root's. The caller closes the directory.
   *
   * @throws `refused` for a link of another user's, `unavailable` without /proc; and what the system
   *   throws
   */
  static async open(path: string): Promise<OpenDirectory> {
    const place = systemPath(withoutSlashes(path));
    const link = await lstat(place, { bigint: true });
    if (!link.isSymbolicLink()) {
      return OpenDirectory.#openAt(place, path, constants.O_NOFOLLOW);
    }
    if (link.uid !== ROOT && link.uid !== BigInt(process.getuid?.() ?? 0)) {
      throw new VirtSimilarityError(
        'refused',
        `cannot use directory ${path}: it is a symbolic link that belongs to another user; name the directory itself`,
      );
    }
    const directory = await OpenDirectory.#openAt(place, path, 0);
    const now = await lstat(place, { bigint: true }).catch(() => undefined);
    if (now === undefined || !sameState(stampOf(path, now), stampOf(path, link))) {
      directory.close();
      throw new VirtSimilarityError('changed', `cannot use directory ${path}: it was replaced just now; run again`);
    }
    return directory;
  }

  /**
   * Opens a directory without following a link in its place.
   *
   * @throws as {@link open}.
   */
  static openItself(path: string): Promise<OpenDirectory> {
    return OpenDirectory.#openAt(systemPath(path), path, constants.O_NOFOLLOW);
  }

  static async #openAt(place: string | Buffer, path: string, flags: number): Promise<OpenDirectory> {
    const descriptor = await openAsync(place, constants.O_RDONLY | constants.O_DIRECTORY | flags);
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
   * Opens a directory in this one, without following a link.
   *
   * @throws as {@link open}.
   */
  openBelow(name: string, path: string): Promise<OpenDirectory> {
    return OpenDirectory.#openAt(this.at(name), path, constants.O_NOFOLLOW);
  }

  /** The path of a name in this directory, as functions of `node:fs` take it, while the directory is open. */
  at(name: string): string | Buffer {
    if (this.#descriptor === undefined) {
      throw new Error(`directory ${this.path} is closed`);
    }
    return systemPath(`/proc/self/fd/${this.#descriptor}/${name}`);
  }

  /** The names in it, in order. This and the following throw what the system throws. */
  async names(): Promise<string[]> {
    return (await readdir(this.at('.'))).sort();
  }

  /** What lstat(2) says of a name. */
  statusOf(name: string): Promise<BigIntStats> {
    return lstat(this.at(name), { bigint: true });
  }

  /** Gives a file a second name that is free. */
  link(name: string, second: string): Promise<void> {
    return link(this.at(name), this.at(second));
  }

  /** Renames a file, and replaces one of the new name. */
  rename(name: string, now: string): Promise<void> {
    return rename(this.at(name), this.at(now));
  }

  /** Removes the name of a file. */
  remove(name: string): Promise<void> {
    return unlink(this.at(name));
  }

  /**
   * Flushes the names in it to disk, where the file system can do that.
   *
   * @throws what the system throws.
   */
  async sync(): Promise<void> {
    try {
      await fsyncAsync(this.#descriptor ?? -1);
    } catch (thrown) {
      // Some network file systems cannot; the files themselves are safe.
      if (systemCode(thrown) !== 'EINVAL') {
        throw thrown;
      }
    }
  }

  /** Idempotent. */
  close(): void {
    if (this.#descriptor !== undefined) {
      closeSync(this.#descriptor);
      this.#descriptor = undefined;
    }
  }
}

let hasProc = false;

/** Checks once that names are resolved through /proc as they must be. */
async function requireProc(directory: OpenDirectory): Promise<void> {
  if (hasProc) {
    return;
  }
  const seen = await stat(directory.at('.'), { bigint: true }).catch(() => undefined);
  if (seen === undefined || !sameFile(fileNumberOf(seen), fileNumberOf(directory.stats))) {
    throw new VirtSimilarityError(
      'unavailable',
      `cannot use directory ${directory.path}: /proc is not mounted; mount it`,
    );
  }
  hasProc = true;
}

/** A slash at the end, or `/.`, would make lstat follow a link. */
function withoutSlashes(path: string): string {
  return path.replace(/(?<=.)(?:\/\.?)+$/, '');
}
