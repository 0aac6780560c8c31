import type { DiskReader, ReadOptions } from '../contracts/disk-reader.js';
import type { NamedPart } from '../contracts/plugin.js';
import { asNote, wording, wordingOf } from '../errors.js';
import { type DirectoryEntry, entriesOf } from '../files/directory-entries.js';
import { fileError } from '../files/file-error.js';
import { isEntryName } from '../store/cache-entry.js';
import { isNamedAsReport, VECTOR_EXTENSION } from '../vectors/named-as-vector.js';

/** The reasons why a directory entry is not an image, in the singular and in the plural. */
const REASONS = {
  part: ['part of another image', 'parts of other images'],
  report: ['report of distances', 'reports of distances'],
  cacheEntry: ['entry of a cache', 'entries of a cache'],
  extension: ['file without the extension of a disk image', 'files without the extension of a disk image'],
  link: ['symbolic link', 'symbolic links'],
  directory: ['subdirectory', 'subdirectories'],
  cache: ['cache of hash vectors', 'caches of hash vectors'],
  special: ['special file', 'special files'],
} as const;

/** A directory entry that is not an image. */
export interface LeftOut {
  readonly name: string;
  readonly reason: keyof typeof REASONS;
  /** Name of the image that it is a part of. */
  readonly image?: string | undefined;
}

/** The entries of a directory, each list sorted by name. */
export interface DirectoryListing {
  /** Names of the images and hash-vector files. */
  readonly images: readonly string[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Lists the images in a directory: regular files with the extension of a disk image or hash vector that are neither
 * entries of a cache nor parts of another image.
 *
 * @throws `unreadable` if the directory cannot be listed, `unavailable` if file descriptors run out.
 */
export async function listDirectory(
  path: string,
  readers: readonly NamedPart<DiskReader>[],
  warn: NonNullable<ReadOptions['warn']>,
): Promise<DirectoryListing> {
  const extensions = new Set([VECTOR_EXTENSION, ...readers.flatMap(({ part }) => part.extensions ?? [])]);
  const entries = await entriesOf(path).catch((cause: unknown) => {
    throw fileError(cause, `cannot list ${path}`, path, 'allow this user to read it, or name the images themselves');
  });
  const candidates: string[] = [];
  const leftOut: LeftOut[] = [];
  for (const entry of entries) {
    const { name } = entry;
    const kindReason = reasonToLeaveOut(entry, extensions);
    const reason = kindReason === 'directory' && (await isCache(`${path}/${name}`)) ? 'cache' : kindReason;
    if (reason === undefined) {
      candidates.push(name);
    } else {
      leftOut.push({ name, reason });
    }
  }
  const files = entries.flatMap(({ name, kind }) => (kind === 'file' ? name : []));
  const parts = await partsAmong(path, files, readers, warn);
  const others = leftOut.filter(({ name }) => !parts.has(name));
  const ofImages = Array.from(parts, ([name, image]) => ({ name, reason: 'part', image }) as const);
  return {
    images: candidates.filter((name) => !parts.has(name)).toSorted(),
    leftOut: [...others, ...ofImages].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** Counts the omitted entries by reason, such as `2 symbolic links, 1 subdirectory`. */
export function countByReason(leftOut: readonly LeftOut[]): string {
  const counts = Object.entries(REASONS).flatMap(([reason, [one, several]]) => {
    const count = leftOut.filter((entry) => entry.reason === reason).length;
    return count === 0 ? [] : `${count} ${count === 1 ? one : several}`;
  });
  return counts.join(', ');
}

/** Returns the reason why an entry was left out. */
export function reasonOf({ reason, image }: LeftOut): string {
  return image === undefined ? REASONS[reason][0] : `part of ${image}`;
}

function reasonToLeaveOut(
  { name, kind }: DirectoryEntry,
  extensions: ReadonlySet<string>,
): LeftOut['reason'] | undefined {
  if (kind !== 'file') {
    return kind;
  }
  if (isNamedAsReport(name)) {
    return 'report';
  }
  if (isEntryName(name)) {
    return 'cacheEntry';
  }
  return endsOf(name).some((end) => extensions.has(end)) ? undefined : 'extension';
}

/** Returns whether a directory has entries of a cache. */
async function isCache(path: string): Promise<boolean> {
  const entries = await entriesOf(path).catch(() => []);
  return entries.some(({ name }) => isEntryName(name));
}

/** Returns the ends of a name from each dot on, in lower case. A dot at the beginning marks a hidden file. */
function endsOf(name: string): string[] {
  const [, ...parts] = name.slice(1).toLowerCase().split('.');
  return parts.map((_, index) => `.${parts.slice(index).join('.')}`);
}

/**
 * Returns which files of a directory are parts of others: each part's name with the name of its image.
 *
 * @param names regular files of the directory
 */
export async function partsAmong(
  path: string,
  names: readonly string[],
  readers: readonly NamedPart<DiskReader>[],
  warn: NonNullable<ReadOptions['warn']>,
): Promise<ReadonlyMap<string, string>> {
  const ask = async ({ name, part: reader }: NamedPart<DiskReader>) => {
    try {
      return await reader.partsIn?.(path, names);
    } catch (thrown) {
      warn(...asNote(wording`[${name}] cannot look for parts of images in ${path}: ${wordingOf(thrown)}`));
      return undefined;
    }
  };
  const answers = await Promise.all(readers.map(ask));
  const parts = answers.flatMap((answer) => [...(answer ?? [])]);
  return new Map(parts.filter(([name, image]) => names.includes(name) && name !== image));
}
