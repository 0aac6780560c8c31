import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { classifyFailure, messageOf, VirtSimilarityError, wording } from '@virt-similarity/core';
import { runDirectoryPrefix, sweepRunDirectories } from './stale-run-directories.js';

/** The longest path of a Unix socket: `sun_path` without its final NUL. */
const SOCKET_PATH_BYTES = 107;
/** Room for the path of a socket within the directory, including the slash before it. */
const SOCKET_NAME_BYTES = 24;

/** A private directory of this process, for sockets and temporary files. */
export interface RunDirectory {
  readonly path: string;
  /**
   * Creates an empty private subdirectory, whose name is a number, and returns the path of the subdirectory. Rejects
   * with the errors of the file system.
   */
  makeDirectory(): Promise<string>;
  /** Removes the directory with all its content. Idempotent. Rejects with the errors of the file system. */
  remove(): Promise<void>;
}

/** The directories to remove when this process exits, even in the middle of other work. */
const openDirectories = new Set<string>();

function removeAll(): void {
  for (const path of openDirectories) {
    rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Creates a private directory (mode 0700), named after this process, in the first of these directories that allows it:
 * `XDG_RUNTIME_DIR`, the temporary directory, /tmp. A socket in it with a name of up to 23 bytes has a path short
 * enough for the kernel. The directory is removed by `remove`, or when this process exits.
 *
 * Also removes the directories that killed processes of this user left in each place that is tried.
 *
 * @throws `unavailable` if no directory can be created.
 */
export async function createRunDirectory(): Promise<RunDirectory> {
  const prefix = runDirectoryPrefix();
  const failures: unknown[] = [];
  const parents = runParents(prefix);
  for (const parent of parents) {
    try {
      await sweepRunDirectories(parent);
      return runDirectoryAt(await mkdtemp(join(parent, prefix)));
    } catch (cause) {
      failures.push(cause);
    }
  }
  const { code, ending } = classifyFailure(failures[0], 'unavailable', 'set TMPDIR to a writable directory');
  const found = `cannot create a private directory in ${parents.join(' or ')} (${messageOf(failures[0])})`;
  throw new VirtSimilarityError(code, wording`${found}${ending}`, { cause: failures[0] });
}

/**
 * Removes the directories left by killed processes of this user, for a process that might never call
 * `createRunDirectory`. Never rejects.
 */
export async function removeStaleRunDirectories(): Promise<void> {
  for (const parent of runParents(runDirectoryPrefix())) {
    await sweepRunDirectories(parent);
  }
}

function runDirectoryAt(path: string): RunDirectory {
  if (openDirectories.size === 0) {
    process.on('exit', removeAll);
  }
  openDirectories.add(path);
  let directories = 0;
  return {
    path,
    makeDirectory: async () => {
      directories += 1;
      const directory = join(path, String(directories));
      await mkdir(directory, { mode: 0o700 });
      return directory;
    },
    remove: async () => {
      await rm(path, { recursive: true, force: true });
      openDirectories.delete(path);
      if (openDirectories.size === 0) {
        process.off('exit', removeAll);
      }
    },
  };
}

/**
 * Returns the directories in which to try to create a run directory, in order. Leaves out directories whose paths are
 * too long for a socket below them.
 */
function runParents(prefix: string): string[] {
  const candidates = [process.env.XDG_RUNTIME_DIR, tmpdir(), '/tmp'].filter((path) =>
    path?.startsWith('/'),
  ) as string[];
  return [...new Set(candidates)].filter((path) => leavesRoomForSocket(path, prefix));
}

function leavesRoomForSocket(parent: string, prefix: string): boolean {
  return Buffer.byteLength(join(parent, `${prefix}XXXXXX`)) + SOCKET_NAME_BYTES <= SOCKET_PATH_BYTES;
}
