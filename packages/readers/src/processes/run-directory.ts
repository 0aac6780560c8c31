import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtSimilarityError } from '@virt-similarity/core';

/** The longest path of a Unix socket, `sun_path` less its final NUL. */
const SOCKET_PATH_BYTES = 107;
/** Room for the names of sockets in the directory, with the slash. */
const SOCKET_NAME_BYTES = 24;

/** A directory of this process alone, for sockets. */
export interface RunDirectory {
  readonly path: string;
  /** Removes the directory with all that is in it. Idempotent. */
  remove(): Promise<void>;
}

/**
 * Makes a private directory (mode 0700) named after this process under `XDG_RUNTIME_DIR`, or else among the temporary
 * files. The path of a socket in it with a name of up to 23 bytes is short enough for the kernel.
 *
 * @throws VirtSimilarityError `unavailable` where no directory can be made.
 */
export async function createRunDirectory(): Promise<RunDirectory> {
  const parent = await runParent();
  const prefix = join(parent, `virt-similarity-${process.pid}-`);
  try {
    const path = await mkdtemp(prefix);
    return { path, remove: () => rm(path, { recursive: true, force: true }) };
  } catch (cause) {
    throw new VirtSimilarityError(
      'unavailable',
      `cannot make a private directory in ${parent}; set TMPDIR to one that can be written`,
      { cause },
    );
  }
}

async function runParent(): Promise<string> {
  const candidates = [process.env.XDG_RUNTIME_DIR, tmpdir(), '/tmp'];
  for (const candidate of candidates) {
    if (candidate?.startsWith('/') && leavesRoomForSocket(candidate) && (await isDirectory(candidate))) {
      return candidate;
    }
  }
  return '/tmp';
}

function leavesRoomForSocket(parent: string): boolean {
  const own = Buffer.byteLength(join(parent, `virt-similarity-${process.pid}-XXXXXX`));
  return own + SOCKET_NAME_BYTES <= SOCKET_PATH_BYTES;
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
