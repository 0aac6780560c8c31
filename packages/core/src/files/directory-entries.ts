import { type Dirent, lstat, type Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { pathText, systemPath } from './path-text.js';

/** The kind of a directory entry, without following a symbolic link. */
export type EntryKind = 'file' | 'directory' | 'link' | 'special';

export interface DirectoryEntry {
  readonly name: string;
  readonly kind: EntryKind;
}

/**
 * Returns the entries of a directory, in no particular order.
 *
 * @param directory the directory's path: as text (see `pathText`), or as bytes
 * @throws whatever the system throws.
 */
export async function entriesOf(directory: string | Buffer): Promise<DirectoryEntry[]> {
  const path = typeof directory === 'string' ? systemPath(directory) : directory;
  const entries = await readdir(path, { withFileTypes: true, encoding: 'buffer' });
  return entries.map((entry) => ({ name: pathText(entry.name), kind: kindOf(entry) }));
}

/**
 * Returns the kind of the file at a path, without following a symbolic link; `undefined` if the status of the file
 * cannot be read. Uses the callback API, which takes a fifth of the time of the promise API.
 */
export function kindAt(path: string): Promise<EntryKind | undefined> {
  return new Promise((resolve) => {
    lstat(systemPath(path), (_error, status) => resolve(status && kindOf(status)));
  });
}

/**
 * Returns whether a path leads to a directory; follows symbolic links. Returns false if the system cannot report it.
 */
export function isDirectory(path: string): Promise<boolean> {
  return stat(systemPath(path)).then(
    (status) => status.isDirectory(),
    () => false,
  );
}

function kindOf(entry: Dirent<Buffer> | Stats): EntryKind {
  if (entry.isFile()) {
    return 'file';
  }
  if (entry.isDirectory()) {
    return 'directory';
  }
  return entry.isSymbolicLink() ? 'link' : 'special';
}
