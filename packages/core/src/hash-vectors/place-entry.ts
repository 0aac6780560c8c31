import { randomBytes } from 'node:crypto';
import { link, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { systemPath } from '../paths/path-text.js';
import { entryNameOf, isSoundEntry } from './cache-entry.js';
import { systemCode } from './file-error.js';
import type { SpareBuffers } from './spare-buffers.js';

/** An entry that is on disk, but not yet under its name. */
interface WrittenEntry {
  readonly temporary: string;
  readonly directory: string;
  readonly key: string;
  /** SHA-256 of its bytes. */
  readonly digest: string;
}

/**
 * Gives an entry its name, or the place of an equal one that another process has written meanwhile and may be reading:
 * a file that took its place would be another one to that process. Where the one that stands there is damaged, the new
 * one gets a name that nobody had before, so that whoever removes the damaged one removes no sound one.
 */
export async function placeEntry(
  { temporary, directory, key, digest }: WrittenEntry,
  buffers: SpareBuffers,
): Promise<string> {
  const path = join(directory, entryNameOf(key, digest));
  try {
    await link(systemPath(temporary), systemPath(path));
    return path;
  } catch (thrown) {
    if (systemCode(thrown) === 'EEXIST' && (await isSoundEntry(path, buffers))) return path;
  }
  // Also where the file system has no hard links.
  const versioned = join(directory, entryNameOf(key, digest, randomBytes(4).toString('hex')));
  await rename(systemPath(temporary), systemPath(versioned));
  return versioned;
}
