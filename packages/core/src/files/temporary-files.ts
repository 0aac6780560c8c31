import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { fileKeyOf, fileNumberOf } from '../identity/stamp.js';
import type { OpenDirectory } from './open-directory.js';
import { hasEnded, PROCESS_MARK, processMark } from './process-mark.js';

const TEMPORARY_FILE = new RegExp(`^\\.virt-similarity-(?<mark>${PROCESS_MARK})-[0-9a-f]{16}\\.tmp$`);

/** Flags to create a new file: an existing file is not opened, and a link is not followed. */
export const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Returns a new name for a temporary file. It identifies the process that writes the file. */
export function temporaryName(): string {
  return `.virt-similarity-${processMark()}-${randomBytes(8).toString('hex')}.tmp`;
}

/**
 * Removes temporary files that processes of this user left in a directory when they ended. Files of processes that
 * cannot be observed from here are removed after a day. Errors are ignored.
 *
 * @param names the names in the directory to check
 */
export async function sweepTemporaryFiles(directory: OpenDirectory, names: readonly string[]): Promise<void> {
  let clock: Promise<number> | undefined;
  for (const name of names) {
    const mark = TEMPORARY_FILE.exec(name)?.groups?.mark;
    if (mark === undefined) {
      continue;
    }
    try {
      const { mtimeMs, uid } = await directory.statusOf(name);
      const age = async () => {
        clock ??= timeOf(directory);
        return (await clock) - Number(mtimeMs);
      };
      if (Number(uid) === process.getuid?.() && (await hasEnded(mark, age))) {
        await directory.remove(name);
      }
    } catch {
      // Another process has removed it meanwhile, or the directory is not writable.
    }
  }
}

const swept = new Set<string>();

/**
 * Like `sweepTemporaryFiles`, for all names in a directory. Does nothing if this process has already swept the
 * directory, because a process may write many files to one directory.
 */
export async function sweepOnce(directory: OpenDirectory): Promise<void> {
  // Includes the birth time, because inodes of removed directories are reused.
  const identity = `${fileKeyOf(fileNumberOf(directory.stats))}:${directory.stats.birthtimeNs}`;
  if (swept.has(identity)) {
    return;
  }
  swept.add(identity);
  await sweepTemporaryFiles(directory, await directory.names().catch(() => []));
}

/**
 * Returns the current time according to the directory's file system, which may be on another machine, in milliseconds
 * since 1970. Creates and removes a temporary file for this.
 *
 * @throws whatever the system throws.
 */
async function timeOf(directory: OpenDirectory): Promise<number> {
  const name = temporaryName();
  const handle = await open(directory.pathOf(name), NEW_FILE, 0o600);
  try {
    return (await handle.stat()).mtimeMs;
  } finally {
    await handle.close();
    await directory.remove(name);
  }
}
