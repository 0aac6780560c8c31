import { lstat, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasEnded, PROCESS_MARK, processMark } from '@virt-similarity/core';

/** The mark of the process that owns the directory, then six random characters. */
const RUN_DIRECTORY_NAME = new RegExp(`^virt-similarity-(?<mark>${PROCESS_MARK})-\\w{6}$`);

const WRITABLE_BY_OTHERS = 0o022;
/** The permission bit of a directory in which only the owner of an entry can rename or remove the entry. */
const STICKY = 0o1000;

/**
 * Returns the name prefix of this process's directories. No other process has it, not even a later one with the same
 * id.
 */
export function runDirectoryPrefix(): string {
  return `virt-similarity-${processMark()}-`;
}

/**
 * Removes the directories that killed processes of this user left in `parent`. If this cannot be determined, because
 * the process ran in another PID namespace such as a container, on another machine or before a reboot, its directory is
 * removed once it is a day old. Does nothing if another user can rename entries of `parent`. Never rejects.
 */
export async function sweepRunDirectories(parent: string): Promise<void> {
  const names = (await isSafeParent(parent)) ? await readdir(parent).catch(() => []) : [];
  await Promise.all(names.map((name) => sweep(parent, name)));
}

/**
 * Returns whether no other user can rename this user's directories there. Otherwise another user could give any of them
 * a name that makes it look stale, and it would be removed.
 */
async function isSafeParent(parent: string): Promise<boolean> {
  const stats = await stat(parent).catch(() => undefined);
  return stats !== undefined && ((stats.mode & WRITABLE_BY_OTHERS) === 0 || (stats.mode & STICKY) !== 0);
}

/**
 * Removes one directory if it is a run directory of this user whose process has ended. Several processes can sweep at
 * the same time, so failures are ignored.
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
    // Another process has removed it, or a later sweep will.
  }
}
