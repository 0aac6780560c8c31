import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { classifyFailure, messageOf, VirtSimilarityError, wording } from '@virt-similarity/core';
import { runDirectoryPrefix, sweepRunDirectories } from './left-run-directories.js';

/** The longest path of a Unix socket, `sun_path` less its final NUL. */
const SOCKET_PATH_BYTES = 107;
/** Room for the names of sockets in the directory, with the slash. */
const SOCKET_NAME_BYTES = 24;

/** A directory of this process alone, for sockets. */
export interface RunDirectory {
  readonly path: string;
  /** Makes an empty private directory in it, whose name is a number, and gives its path. */
  makeDirectory(): Promise<string>;
  /** Removes the directory with all that is in it. Idempotent. */
  remove(): Promise<void>;
}

/** Those that are to be removed when this process exits, however much is under way then. */
const present = new Set<string>();

function removeAll(): void {
  for (const path of present) {
    rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Makes a private directory (mode 0700) named after this process under `XDG_RUNTIME_DIR`, or else among the temporary
 * files. The path of a socket in it with a name of up to 23 bytes is short enough for the kernel. What processes of
 * this user that were killed left there is removed.
 *
 * @throws `unavailable` where no directory can be made.
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
  const { code, ending } = classifyFailure(failures[0], 'unavailable', 'set TMPDIR to a directory that can be written');
  const found = `cannot make a private directory in ${parents.join(' or ')} (${messageOf(failures[0])})`;
  throw new VirtSimilarityError(code, wording`${found}${ending}`, { cause: failures[0] });
}

/**
 * Removes what processes of this user that were killed left, for a process that may come to need no such directory. Never
 * rejects.
 */
export async function removeLeftRunDirectories(): Promise<void> {
  for (const parent of runParents(runDirectoryPrefix())) {
    await sweepRunDirectories(parent);
  }
}

function runDirectoryAt(path: string): RunDirectory {
  if (present.size === 0) {
    process.on('exit', removeAll);
  }
  present.add(path);
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
      present.delete(path);
      if (present.size === 0) {
        process.off('exit', removeAll);
      }
    },
  };
}

/** Where a run directory may be made, in order of preference. */
function runParents(prefix: string): string[] {
  const candidates = [process.env.XDG_RUNTIME_DIR, tmpdir(), '/tmp'].filter((path) =>
    path?.startsWith('/'),
  ) as string[];
  return [...new Set(candidates)].filter((path) => leavesRoomForSocket(path, prefix));
}

function leavesRoomForSocket(parent: string, prefix: string): boolean {
  return Buffer.byteLength(join(parent, `${prefix}XXXXXX`)) + SOCKET_NAME_BYTES <= SOCKET_PATH_BYTES;
}
