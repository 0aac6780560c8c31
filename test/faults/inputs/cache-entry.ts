import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The file of a cache entry. */
export interface EntryFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Returns the only entry of a cache. @throws Error unless there is exactly one */
export async function onlyEntry(cache: string): Promise<EntryFile> {
  const names = (await readdir(cache)).filter((name) => name.endsWith('.arrow'));
  const [name] = names;
  if (name === undefined || names.length !== 1) {
    throw new Error(`expected one entry in ${cache}, found ${names.length}`);
  }
  const path = join(cache, name);
  return { path, bytes: await readFile(path) };
}

/**
 * Replaces an entry with forged bytes, whose name has the same key and their digest. Returns the path of the forgery.
 */
export async function replaceByForgery({ path }: EntryFile, bytes: Buffer): Promise<string> {
  await rm(path, { force: true });
  const digest = createHash('sha256').update(bytes).digest('hex');
  const forgery = path.replace(/[0-9a-f]{64}(?=\.arrow$)/, digest);
  await writeFile(forgery, bytes, { mode: 0o600 });
  return forgery;
}

/**
 * Returns a copy in which `to`, padded with blanks to the same length, replaces every match.
 *
 * @throws Error if there is no match, or if `to` is longer than a match
 */
export function withTextForged(bytes: Buffer, from: RegExp, to: string): Buffer {
  const text = bytes.toString('latin1').replace(from, (found) => to.padEnd(found.length));
  const forged = Buffer.from(text, 'latin1');
  if (forged.length !== bytes.length || forged.equals(bytes)) {
    throw new Error(`cannot forge ${from} to ${to}`);
  }
  return forged;
}
