import { basename } from 'node:path';
import { inspectedIn } from './inspected-in.js';
import { partNameOf, SPLIT } from './split-disk.js';

/**
 * Returns the files of a directory that are further parts of split disks in it, each with the name of the disk's first
 * part. Only a disk that inspection accepts has parts. Never throws.
 *
 * @param names names of the files in the directory
 */
export async function splitPartsIn(directory: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const parts = new Map<string, string>();
  for (const name of names.filter(mayBeFirst).toSorted()) {
    const file = parts.has(name) ? undefined : await inspectedIn(directory, name);
    if (file?.image.format === SPLIT) {
      for (const { path } of file.image.extentFiles) {
        parts.set(basename(path), name);
      }
    }
  }
  return parts;
}

/** Returns whether a first part can have this name. Numbers begin with 0 or 1. */
function mayBeFirst(name: string): boolean {
  return (partNameOf(name)?.number ?? 2) <= 1;
}
