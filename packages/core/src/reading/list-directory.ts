import type { DiskReader, ReadOptions } from '../contracts/disk-reader.js';
import type { NamedPart } from '../contracts/plugin.js';
import { asNote, throwIfAborted, VirtSimilarityError, wording, wordingOf } from '../errors.js';
import { type DirectoryEntry, entriesOf } from '../files/directory-entries.js';
import { fileError, systemCode } from '../files/file-error.js';
import { OpenDirectory } from '../files/open-directory.js';
import { realPath } from '../files/real-path.js';
import { isEntryName } from '../store/cache-entry.js';
import { isNamedAsReport, VECTOR_EXTENSION } from '../vectors/named-as-vector.js';
import type { Exclusion } from './exclusion.js';

/** The most levels of subdirectories that are searched; each level needs an open file descriptor. */
const MOST_LEVELS = 32;
/** The most entries of a directory and its subdirectories. A directory with more was probably named by mistake. */
const MOST_ENTRIES = 1_000_000;
/**
 * The codes of errors for a subdirectory that is left out: this user may not read it, or it was removed or replaced
 * meanwhile.
 */
const PASSED_OVER: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'ELOOP']);

/** The codes of errors for a directory that this user may not read. */
const FORBIDDEN: ReadonlySet<string> = new Set(['EACCES', 'EPERM']);

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
  excluded: ['excluded entry', 'excluded entries'],
  unreadable: ['subdirectory that cannot be read', 'subdirectories that cannot be read'],
  deep: [`subdirectory below ${MOST_LEVELS} others`, `subdirectories below ${MOST_LEVELS} others`],
} as const;

/** A directory entry that is not an image. */
export interface LeftOut {
  readonly name: string;
  readonly reason: keyof typeof REASONS;
  /** Name of the image that this entry is a part of. */
  readonly image?: string | undefined;
}

/** The entries of a directory. */
export interface DirectoryListing {
  /**
   * Names of the images and hash-vector files: those in the directory, sorted, then those below each subdirectory in
   * the same order. Names of files in subdirectories begin with the path of the subdirectory.
   */
  readonly images: readonly string[];
  /** Sorted by name. */
  readonly leftOut: readonly LeftOut[];
}

/** The options for listing a directory. */
export interface ListingOptions {
  /** Whether to search the subdirectories too. */
  readonly recursive?: boolean | undefined;
  readonly isExcluded?: Exclusion | undefined;
  /** Receives warnings. */
  readonly warn: NonNullable<ReadOptions['warn']>;
  readonly signal?: AbortSignal | undefined;
  /** The most entries of the directory and its subdirectories; default: 1,000,000. */
  readonly mostEntries?: number | undefined;
}

/**
 * Lists the images in a directory: regular files with the extension of a disk image or hash vector that are not
 * excluded, and are neither reports, entries of a cache nor parts of another image. If the listing is recursive, also
 * lists the images in subdirectories. Leaves out caches, and subdirectories that are excluded, that are too deep, or
 * that this user may not read. Subdirectories are opened without following a symbolic link, even if a link replaces a
 * subdirectory meanwhile.
 *
 * @throws `unreadable` if the directory cannot be listed; `unavailable` if a system resource such as file descriptors
 *   is exhausted, or if /proc is not mounted and the listing is recursive; `refused` if there are too many entries; and
 *   `aborted`.
 */
export async function listDirectory(
  path: string,
  readers: readonly NamedPart<DiskReader>[],
  options: ListingOptions,
): Promise<DirectoryListing> {
  const listing = new ListingInProgress(path, readers, options);
  try {
    if (options.recursive) {
      await listing.addTree(await OpenDirectory.openItself(await realPath(path)));
    } else {
      await listing.add('', await entriesOf(path));
    }
  } catch (cause) {
    const permission = FORBIDDEN.has(systemCode(cause) ?? '') ? 'allow this user to read it, or ' : '';
    throw fileError(cause, `cannot list ${path}`, path, `${permission}name the images themselves`);
  }
  return listing.result();
}

class ListingInProgress {
  readonly #path: string;
  readonly #readers: readonly NamedPart<DiskReader>[];
  readonly #options: ListingOptions;
  readonly #extensions: ReadonlySet<string>;
  readonly #images: string[] = [];
  readonly #leftOut: LeftOut[] = [];
  #entries = 0;

  constructor(path: string, readers: readonly NamedPart<DiskReader>[], options: ListingOptions) {
    this.#path = path;
    this.#readers = readers;
    this.#options = options;
    this.#extensions = new Set([VECTOR_EXTENSION, ...readers.flatMap(({ part }) => part.extensions ?? [])]);
  }

  result(): DirectoryListing {
    return { images: this.#images, leftOut: this.#leftOut.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
  }

  /**
   * Adds the entries of a directory and its subdirectories, and closes the directory.
   *
   * @param below the path from the listed directory to this directory, with a slash at the end; empty for the listed
   *   directory itself
   * @param level 0 for the listed directory, 1 for its subdirectories, and so on
   */
  async addTree(directory: OpenDirectory, below = '', level = 0): Promise<void> {
    try {
      throwIfAborted(this.#options.signal);
      const entries = await entriesOf(directory.pathOf('.'));
      for (const name of await this.add(below, entries)) {
        await this.#addSubdirectory(directory, name, below + name, level + 1);
      }
    } finally {
      directory.close();
    }
  }

  async #addSubdirectory(parent: OpenDirectory, entry: string, name: string, level: number): Promise<void> {
    if (level > MOST_LEVELS) {
      this.#leftOut.push({ name, reason: 'deep' });
      return;
    }
    let directory: OpenDirectory;
    try {
      directory = await parent.openBelow(entry, pathIn(this.#path, name));
    } catch (error) {
      if (!PASSED_OVER.has(systemCode(error) ?? '')) {
        throw error;
      }
      this.#leftOut.push({ name, reason: 'unreadable' });
      return;
    }
    await this.addTree(directory, `${name}/`, level);
  }

  /**
   * Adds the entries of a directory. Returns the names of the subdirectories to search, sorted; none if the listing is
   * not recursive.
   *
   * @param below as for `addTree`
   */
  async add(below: string, entries: readonly DirectoryEntry[]): Promise<string[]> {
    const { isExcluded = () => false, recursive, warn } = this.#options;
    this.#count(entries.length);
    const candidates: string[] = [];
    const subdirectories: string[] = [];
    const isLeftOut = (name: string) => isExcluded(pathIn(this.#path, below + name));
    const files = entries.flatMap(({ name, kind }) => (kind === 'file' && !isLeftOut(name) ? name : []));
    const parts = await partsAmong(pathIn(this.#path, below), files, this.#readers, warn);
    for (const [name, image] of parts) {
      this.#leftOut.push({ name: below + name, reason: 'part', image });
    }
    for (const entry of entries) {
      const name = below + entry.name;
      if (parts.has(entry.name)) {
        continue;
      }
      const reason = isLeftOut(entry.name) ? 'excluded' : await this.#reasonToLeaveOut(entry, name);
      if (reason === undefined) {
        candidates.push(entry.name);
      } else if (reason === 'directory' && recursive) {
        subdirectories.push(entry.name);
      } else {
        this.#leftOut.push({ name, reason });
      }
    }
    this.#images.push(...candidates.toSorted().map((name) => below + name));
    return subdirectories.toSorted();
  }

  async #reasonToLeaveOut(entry: DirectoryEntry, name: string): Promise<LeftOut['reason'] | undefined> {
    const reason = reasonToLeaveOut(entry, this.#extensions);
    return reason === 'directory' && (await isCache(pathIn(this.#path, name))) ? 'cache' : reason;
  }

  #count(entries: number): void {
    const { mostEntries = MOST_ENTRIES } = this.#options;
    this.#entries += entries;
    if (this.#entries > mostEntries) {
      throw new VirtSimilarityError(
        'refused',
        `cannot list ${this.#path}: expected at most ${mostEntries} entries, found more; name the directories with images`,
        { image: this.#path },
      );
    }
  }
}

/** Joins a directory and a name. Unlike `join`, does not resolve `..`, which may follow a symbolic link. */
export function pathIn(directory: string, name: string): string {
  return name === '' || directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}

/** Formats the numbers of omitted entries by reason, such as `2 symbolic links, 1 subdirectory`. */
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

/** Returns whether a directory has entries of a cache; false if it cannot be listed. */
async function isCache(path: string): Promise<boolean> {
  const entries = await entriesOf(path).catch(() => []);
  return entries.some(({ name }) => isEntryName(name));
}

/**
 * Returns the ends of a name from each dot on, in lower case. A dot at the beginning does not count, because it marks a
 * hidden file.
 */
function endsOf(name: string): string[] {
  const [, ...parts] = name.slice(1).toLowerCase().split('.');
  return parts.map((_, index) => `.${parts.slice(index).join('.')}`);
}

/**
 * Returns which files of a directory are parts of other files there: a map from the name of each part to the name of
 * its image. If a reader fails, only warns.
 *
 * @param names as for `DiskReader.partsIn`
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
