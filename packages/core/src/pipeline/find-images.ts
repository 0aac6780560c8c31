import { lstat, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FoundImages, HashOptions } from '../contracts/analyzer.js';
import type { DiskReader, DiskSource } from '../contracts/disk-reader.js';
import type { NamedPart } from '../contracts/plugin.js';
import { VirtSimilarityError } from '../errors.js';
import { systemPath } from '../files/path-text.js';
import { RealPaths } from '../files/real-paths.js';
import { isNamedAsVector } from '../vectors/named-as-vector.js';
import { countByReason, type DirectoryListing, listDirectory, reasonOf } from './list-directory.js';

/** What finding images needs beside their names. */
export interface FindOptions {
  /** The readers whose extensions are known, and which recognize parts of images. */
  readonly readers: readonly NamedPart<DiskReader>[];
  /** Takes a note on everything that is left out. */
  readonly onNote: NonNullable<HashOptions['onNote']>;
}

/** An image that was named or listed. */
interface Candidate {
  readonly source: DiskSource;
  /** Its path without symbolic links; absent if it cannot be resolved. */
  readonly real?: string | undefined;
  /** The directory in which it was named or listed, without symbolic links; absent if there is none. */
  readonly directory?: string | undefined;
  readonly failure?: VirtSimilarityError | undefined;
}

/**
 * Replaces directories by the images in them, in the order of their names, without descending into further directories
 * or following symbolic links. Each file is taken once, however often it is named in one directory; hard links, and links in
 * other directories, are images of their own, since relative names in an image count from its directory. Everything that is left out is noted.
 *
 * A path that cannot be examined stays, and fails when it is opened. So does a directory without images, with a failure.
 *
 * @throws VirtSimilarityError `unreadable` if a directory cannot be listed; `usage` if a file is named in two formats.
 */
export async function findImages(images: readonly (string | DiskSource)[], options: FindOptions): Promise<FoundImages> {
  const realPaths = new RealPaths();
  const named = await Promise.all(
    images.map((image) => candidatesOf(typeof image === 'string' ? { path: image } : image, realPaths, options)),
  );
  const taken = new Map<string, DiskSource>();
  const directories = new Set<string>();
  const failures = new Map<string, VirtSimilarityError>();
  for (const { source, real, directory, failure } of named.flat()) {
    const { path } = source;
    // A link in another directory is another image: relative names in it count from there.
    const key = real === undefined ? path : `${real}\0${directory}`;
    const earlier = taken.get(key);
    if (earlier !== undefined) {
      const kept = moreSpecific(earlier, source);
      taken.set(key, kept);
      options.onNote('warning', duplicateNote(path, earlier.path));
      continue;
    }
    taken.set(key, source);
    if (failure !== undefined) {
      failures.set(path, failure);
    } else if (directory !== undefined) {
      directories.add(directory);
    }
  }
  return { sources: [...taken.values()], directories: [...directories], failures };
}

async function candidatesOf(source: DiskSource, realPaths: RealPaths, options: FindOptions): Promise<Candidate[]> {
  const { path } = source;
  const status = await statusOf(path).catch(() => undefined);
  if (status === undefined) {
    return [{ source }];
  }
  if (status.isDirectory() || (status.isSymbolicLink() && (await isDirectory(path)))) {
    const warn = (message: string) => options.onNote('warning', message);
    const listing = await listDirectory(path, options.readers, warn);
    noteLeftOut(path, listing, options);
    if (listing.images.length === 0) {
      return [{ source, failure: noImages(path, listing) }];
    }
    const directory = await realPaths.ofDirectory(path).catch(() => undefined);
    return listing.images.map((name) => ({
      source: listedSource(source, pathIn(path, name)),
      real: directory && pathIn(directory, name),
      directory,
    }));
  }
  const real = await realPaths.of(path, status).catch(() => undefined);
  const directory = real === undefined ? undefined : await realPaths.ofDirectory(dirname(path)).catch(() => undefined);
  return [{ source, real, directory }];
}

/** A file of a directory in the format that was stated for the directory, unless it is named as a hash vector. */
function listedSource({ format, ...source }: DiskSource, path: string): DiskSource {
  const listed = { ...source, path, noFollow: true } as const;
  return format === undefined || isNamedAsVector({ path }) ? listed : { ...listed, format };
}

function noteLeftOut(path: string, { images, leftOut }: DirectoryListing, { onNote }: FindOptions): void {
  if (leftOut.length > 0 && images.length > 0) {
    const left = `left out of ${path}: ${countByReason(leftOut)}`;
    onNote('warning', `${left}; name an image to include it, or see every name with --verbose`);
  }
  for (const entry of leftOut) {
    onNote('debug', `left out ${pathIn(path, entry.name)}: ${reasonOf(entry)}`);
  }
}

function noImages(path: string, { leftOut }: DirectoryListing): VirtSimilarityError {
  const found = leftOut.length === 0 ? 'nothing' : countByReason(leftOut);
  const problem = `${path} is a directory without images: expected files with the extension of a disk image, found ${found}`;
  return new VirtSimilarityError('refused', `${problem}; name the images themselves`, { image: path });
}

/**
 * Which of two sources of one file to take: the first, but a file's own format before that of the directory that it was
 * listed in. Throws `usage` where the file itself is named in two formats: only one of them could be obeyed.
 */
function moreSpecific(earlier: DiskSource, source: DiskSource): DiskSource {
  if (earlier.format === source.format || source.noFollow) {
    return earlier;
  }
  if (earlier.noFollow) {
    const { format: _, ...listed } = earlier;
    return source.format === undefined ? listed : { ...listed, format: source.format };
  }
  const [first, second] = [earlier, source].map(({ format }) => format ?? 'no format');
  const found = `${source.path} is named with ${first} and with ${second}`;
  throw new VirtSimilarityError('usage', `${found}; name it once`, { image: source.path });
}

function duplicateNote(path: string, earlier: string): string {
  const found = earlier === path ? `${path} is named twice` : `${path} and ${earlier} are the same file`;
  return `${found}; it is compared once, as ${earlier}`;
}

/** What lstat(2) says; nothing of what cannot be examined. By a callback, which takes a fifth of a promise's time. */
function statusOf(path: string): Promise<Stats | undefined> {
  return new Promise((resolve) => {
    lstat(systemPath(path), (_error, status) => resolve(status));
  });
}

function isDirectory(path: string): Promise<boolean> {
  return stat(systemPath(path)).then(
    (status) => status.isDirectory(),
    () => false,
  );
}

/** Not by `join`, which resolves `..` without asking the system what a symbolic link before it means. */
function pathIn(directory: string, name: string): string {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}
