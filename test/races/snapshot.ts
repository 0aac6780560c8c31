import type { BigIntStats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Whatever is below a directory, by path relative to it: what identifies a file and shows that it was written to. */
export type Snapshot = ReadonlyMap<string, Found>;

interface Found {
  /** Changes when the name is given to another file. */
  readonly file: string;
  /** Changes when the file is written to. */
  readonly content: string;
}

/** Looks at everything below a directory but what is below the excluded paths. Links are not followed. */
export async function snapshotOf(root: string, excluded: readonly string[]): Promise<Snapshot> {
  const found = new Map<string, Found>();
  const visit = async (directory: string): Promise<void> => {
    for (const name of await readdir(directory)) {
      const path = join(directory, name);
      const stats = await lstat(path, { bigint: true });
      found.set(relative(root, path), await describe(path, stats));
      if (stats.isDirectory() && !excluded.includes(path)) {
        await visit(path);
      }
    }
  };
  await visit(root);
  return found;
}

async function describe(path: string, stats: BigIntStats): Promise<Found> {
  const file = `${stats.mode} ${stats.ino}`;
  if (stats.isSymbolicLink()) {
    return { file, content: await readlink(path) };
  }
  // A directory's times change with the exchanges below it.
  return { file, content: stats.isDirectory() ? '' : `${stats.size} ${stats.mtimeNs}` };
}

/** Paths that are new or gone or another file, and those of files that were written to. */
export function differences(before: Snapshot, after: Snapshot): { foreign: string[]; changed: string[] } {
  const foreign: string[] = [];
  const changed: string[] = [];
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(path), after.get(path)];
    if (old?.file !== now?.file) {
      foreign.push(path);
    } else if (old?.content !== now?.content) {
      changed.push(path);
    }
  }
  return { foreign, changed };
}
