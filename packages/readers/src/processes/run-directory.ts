import { lstat, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtSimilarityError } from '@virt-similarity/core';

/** The longest path of a Unix socket, `sun_path` less its final NUL. */
const SOCKET_PATH_BYTES = 107;
/** Room for the names of sockets in the directory, with the slash. */
const SOCKET_NAME_BYTES = 24;

/** Milliseconds that what a killed process left is kept: another container may share the directory, not the numbers. */
const KEPT_MS = 24 * 60 * 60 * 1000;
const RUN_DIRECTORY_NAME = /^virt-similarity-(\d+)-\w{6}$/;

/** A directory of this process alone, for sockets. */
export interface RunDirectory {
  readonly path: string;
  /** Removes the directory with all that is in it. Idempotent. */
  remove(): Promise<void>;
}

/**
 * Makes a private directory (mode 0700) named after this process under `XDG_RUNTIME_DIR`, or else among the temporary
 * files. The path of a socket in it with a name of up to 23 bytes is short enough for the kernel. What processes of
 * this user that were killed more than a day ago left there is removed.
 *
 * @throws VirtSimilarityError `unavailable` where no directory can be made.
 */
export async function createRunDirectory(): Promise<RunDirectory> {
  const parent = await runParent();
  await sweep(parent);
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

async function sweep(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  await Promise.all(names.filter(isOfDeadProcess).map((name) => removeIfOld(join(parent, name))));
}

function isOfDeadProcess(name: string): boolean {
  const pid = RUN_DIRECTORY_NAME.exec(name)?.[1];
  if (pid === undefined) {
    return false;
  }
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Several processes may sweep at once, so whatever fails is left to the next. */
async function removeIfOld(path: string): Promise<void> {
  try {
    const { uid, mtimeMs } = await lstat(path);
    if (uid === process.getuid?.() && Date.now() - mtimeMs > KEPT_MS) {
      await rm(path, { recursive: true, force: true });
    }
  } catch {
    // Gone, or of somebody else.
  }
}
