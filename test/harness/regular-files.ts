import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathText, systemPath } from '@virt-similarity/core';

/** Returns the regular files below a directory. Links are not followed. */
export async function regularFiles(directory: string): Promise<string[]> {
  const entries = await entriesOf(directory);
  const below = entries.filter(({ entry }) => entry.isDirectory()).map(({ path }) => regularFiles(path));
  return [filesAmong(entries), ...(await Promise.all(below))].flat();
}

/** Returns the regular files in a directory. */
export async function filesIn(directory: string): Promise<string[]> {
  return filesAmong(await entriesOf(directory));
}

interface Entry {
  readonly entry: Dirent<Buffer>;
  readonly path: string;
}

/** Lists a directory. The recursion of `readdir` is not used, because it does not support names that are not UTF-8. */
async function entriesOf(directory: string): Promise<Entry[]> {
  const entries = await readdir(systemPath(directory), { withFileTypes: true, encoding: 'buffer' });
  return entries.map((entry) => ({ entry, path: join(directory, pathText(entry.name)) }));
}

function filesAmong(entries: readonly Entry[]): string[] {
  return entries.filter(({ entry }) => entry.isFile()).map(({ path }) => path);
}
