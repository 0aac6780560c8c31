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
 * Returns the entries of a directory, in no particular order. The directory is a path as text (see `pathText`) or as a
 * path for functions of `node:fs`.
 *
 * @throws whatever the system throws.
 */
export async function entriesOf(directory: string | Buffer): Promise<DirectoryEntry[]> {
  const path = typeof directory === 'string' ? systemPath(directory) : directory;
  const entries = await readdir(path, { withFileTypes: true, encoding: 'buffer' });
  return entries.map((entry) => ({ name: pathText(entry.name), kind: kindOf(entry) }));
}

/**
 * Returns the kind of the file at a path, without following a symbolic link; `undefined` if its status cannot be read.
 * Uses the callback API, which takes a fifth of the time of the promise API.
 */
export function kindAt(path: string): Promise<EntryKind | undefined> {
  return new Promise((resolve) => {
    lstat(systemPath(path), (_error, status) => resolve(status && kindOf(status)));
  });
}

/** Returns whether a path leads to a directory; follows symbolic links. */
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
