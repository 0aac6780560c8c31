import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemPath } from '../paths/path-text.js';

const TEMPORARY_FILE = /^\.virt-similarity-[0-9a-f]{16}\.tmp$/;
/** No writer is at work on one file for so long without writing to it. */
const ABANDONED_AFTER_MS = 60 * 60 * 1000;

/** The name of a temporary file. @param random 16 hexadecimal digits */
export function temporaryName(random: string): string {
  return `.virt-similarity-${random}.tmp`;
}

/** Removes those of the names in a directory that are temporary files whose writers were killed. */
export async function sweepTemporaryFiles(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names.filter((name) => TEMPORARY_FILE.test(name))) {
    const path = join(directory, name);
    const stats = await lstat(systemPath(path)).catch(() => undefined);
    const isAbandoned = stats?.isFile() && Date.now() - stats.mtimeMs > ABANDONED_AFTER_MS;
    // Of somebody else, or swept by another process meanwhile.
    if (isAbandoned) await rm(systemPath(path), { force: true }).catch(() => {});
  }
}

const swept = new Set<string>();

/** As `sweepTemporaryFiles`, for all names in a directory that many files may be written to: looks only once. */
export async function sweepOnce(directory: string): Promise<void> {
  if (swept.has(directory)) return;
  swept.add(directory);
  await sweepTemporaryFiles(directory, await readdir(systemPath(directory)).catch(() => []));
}
