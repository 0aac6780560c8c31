import { lstat, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasEnded, PROCESS_MARK, processMark } from '@virt-similarity/core';

/** The mark of the process that owns the directory, then six random characters. */
const RUN_DIRECTORY_NAME = new RegExp(`^virt-similarity-(?<mark>${PROCESS_MARK})-\\w{6}$`);

const WRITABLE_BY_OTHERS = 0o022;
/** The permission bit of a directory in which only the owner of an entry can rename or remove the entry. */
const STICKY = 0o1000;

/**
 * Returns the name prefix of this process's directories. If /proc can be read, no other process has this prefix, not
 * even a later process with the same id.
 */
export function runDirectoryPrefix(): string {
  return `virt-similarity-${processMark()}-`;
}

/**
 * Removes the directories that killed processes of this user left in `parent`. The kernel cannot report whether a
 * process has ended if the process ran in another PID namespace (such as a container), on another machine or before a
 * reboot. The directory of such a process is removed more than a day after it was last written to. Does nothing unless
 * `parent` passes `isSafeParent`. Never rejects.
 */
export async function sweepRunDirectories(parent: string): Promise<void> {
  const names = (await isSafeParent(parent)) ? await readdir(parent).catch(() => []) : [];
  await Promise.all(names.map((name) => sweep(parent, name)));
}

/**
 * Returns whether no user except the owner of `parent` can rename entries of other users in it. Otherwise another user
 * could give a directory of this user a name that makes the directory look stale, so that it would be removed.
 */
async function isSafeParent(parent: string): Promise<boolean> {
  const stats = await stat(parent).catch(() => undefined);
  return stats !== undefined && ((stats.mode & WRITABLE_BY_OTHERS) === 0 || (stats.mode & STICKY) !== 0);
}

/**
 * Removes one directory if it is a run directory of this user whose process has ended, according to `hasEnded`. Several
 * processes can sweep at the same time, so failures are ignored.
 */
async function sweep(parent: string, name: string): Promise<void> {
  const mark = RUN_DIRECTORY_NAME.exec(name)?.groups?.mark;
  if (mark === undefined) {
    return;
  }
  const path = join(parent, name);
  try {
    const { uid, mtimeMs } = await lstat(path);
    if (uid === process.getuid?.() && (await hasEnded(mark, () => Date.now() - mtimeMs))) {
      await rm(path, { recursive: true, force: true });
    }
  } catch {
    // Another process has removed it, or it cannot be removed.
  }
}
