import { randomBytes } from 'node:crypto';
import { systemCode } from '../files/file-error.js';
import type { OpenDirectory } from '../files/open-directory.js';
import { entryNameOf, isSoundEntry } from './cache-entry.js';
import type { SpareBuffers } from './spare-buffers.js';

/** An entry that is on disk, but not yet under its final name. */
interface WrittenEntry {
  /** The name of its temporary file. */
  readonly temporary: string;
  readonly directory: OpenDirectory;
  readonly key: string;
  /** The SHA-256 of its bytes. */
  readonly digest: string;
}

/**
 * Gives an entry its final name and returns the name. If another process has written an equal entry meanwhile, keeps
 * that entry and returns its name, because the other process may be reading it and would notice that the file was
 * replaced. If the existing entry is damaged, the new entry gets a name that was never used before, so that removing
 * the damaged entry cannot remove a valid entry.
 *
 * @throws whatever the system throws.
 */
export async function placeEntry(
  { temporary, directory, key, digest }: WrittenEntry,
  buffers: SpareBuffers,
): Promise<string> {
  const name = entryNameOf(key, digest);
  try {
    await directory.link(temporary, name);
    return name;
  } catch (thrown) {
    if (systemCode(thrown) === 'EEXIST' && (await isSoundEntry({ directory, name }, buffers))) {
      return name;
    }
  }
  // Also used if the file system has no hard links.
  const versioned = entryNameOf(key, digest, randomBytes(4).toString('hex'));
  await directory.rename(temporary, versioned);
  return versioned;
}
