import type { BigIntStats } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pathText, systemPath } from '@virt-similarity/core';

/** `S_IFMT`, the bits of a mode that specify the kind of file. */
const KIND = 0o170_000n;

/** The files below a directory, by absolute path. */
export type Snapshot = ReadonlyMap<string, FileState>;

interface FileState {
  /** Changes when another file gets this name. */
  readonly file: string;
  /** Changes when the file is written to. */
  readonly content: string;
}

/** A path that has changed. */
export interface Change {
  readonly path: string;
  readonly kind: 'created' | 'removed' | 'replaced' | 'wrote to';
}

/** Absolute paths that a snapshot leaves out. */
export interface Omissions {
  /** Files, and directories with everything below them. */
  readonly paths?: readonly string[];
  /** Directories that are included without the files below them. */
  readonly contents?: readonly string[];
}

/** Records all files below a directory. Links are not followed. Mounted file systems, which can hang, are left out. */
export async function snapshotOf(root: string, { paths = [], contents = [] }: Omissions): Promise<Snapshot> {
  const found = new Map<string, FileState>();
  const omitted = new Set([...paths, ...(await mountPoints())]);
  const visit = async (directory: string): Promise<void> => {
    for (const name of await readdir(systemPath(directory), { encoding: 'buffer' })) {
      const path = join(directory, pathText(name));
      if (omitted.has(path)) {
        continue;
      }
      const stats = await lstat(systemPath(path), { bigint: true });
      found.set(path, await describe(path, stats));
      if (stats.isDirectory() && !contents.includes(path)) {
        await visit(path);
      }
    }
  };
  await visit(root);
  return found;
}

/** Returns the changes between two snapshots, sorted by path. */
export function changesOf(before: Snapshot, after: Snapshot): Change[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((path) => {
    const kind = changeOf(before.get(path), after.get(path));
    return kind === undefined ? [] : [{ path, kind }];
  });
}

function changeOf(old: FileState | undefined, now: FileState | undefined): Change['kind'] | undefined {
  if (old === undefined) {
    return 'created';
  }
  if (now === undefined) {
    return 'removed';
  }
  if (old.file !== now.file) {
    return 'replaced';
  }
  return old.content === now.content ? undefined : 'wrote to';
}

async function mountPoints(): Promise<string[]> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  return mounts.split('\n').flatMap((line) => line.split(' ')[1] ?? []);
}

async function describe(path: string, stats: BigIntStats): Promise<FileState> {
  // The kind, but not the permissions: the cases themselves change permissions.
  const file = `${stats.mode & KIND} ${stats.dev}:${stats.ino}`;
  if (stats.isSymbolicLink()) {
    return { file, content: await readlink(systemPath(path)) };
  }
  // A directory's times change with the entries in it.
  return { file, content: stats.isDirectory() ? '' : `${stats.size} ${stats.mtimeNs}` };
}
