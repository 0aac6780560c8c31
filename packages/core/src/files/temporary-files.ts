import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { fileKeyOf, fileNumberOf } from '../identity/stamp.js';
import type { OpenDirectory } from './open-directory.js';
import { hasEnded, PROCESS_MARK, processMark } from './process-mark.js';

const TEMPORARY_FILE = new RegExp(`^\\.virt-similarity-(?<mark>${PROCESS_MARK})-[0-9a-f]{16}\\.tmp$`);

/** For a new file that is nobody else's: nothing that is there already is opened or followed. */
export const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** A new name for a temporary file. It identifies the process that writes the file. */
export function temporaryName(): string {
  return `.virt-similarity-${processMark()}-${randomBytes(8).toString('hex')}.tmp`;
}

/**
 * Removes those of the names in a directory that are temporary files of this user's processes that have ended. Files of
 * processes that cannot be observed from here are removed after a day.
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
      // Swept by another process meanwhile, or in a directory that cannot be written to.
    }
  }
}

const swept = new Set<string>();

/** As `sweepTemporaryFiles`, for all names in a directory that many files may be written to: looks only once. */
export async function sweepOnce(directory: OpenDirectory): Promise<void> {
  // Inodes of directories that were removed are used again.
  const identity = `${fileKeyOf(fileNumberOf(directory.stats))}:${directory.stats.birthtimeNs}`;
  if (swept.has(identity)) {
    return;
  }
  swept.add(identity);
  await sweepTemporaryFiles(directory, await directory.names().catch(() => []));
}

/** The time by the clock of the directory's file system, which on a network is not this machine's. */
async function timeOf(directory: OpenDirectory): Promise<number> {
  const name = temporaryName();
  const handle = await open(directory.at(name), NEW_FILE, 0o600);
  try {
    return (await handle.stat()).mtimeMs;
  } finally {
    await handle.close();
    await directory.remove(name);
  }
}
