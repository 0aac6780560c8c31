import type { DiskReader } from '../contracts/disk-reader.js';
import type { ImageSource, ListedImage, ListOptions, NamedImages } from '../contracts/image-source.js';
import { type OtherParts, partsToken } from '../contracts/plugin.js';
import { asNote, VirtSimilarityError, wording } from '../errors.js';
import { isDirectory, kindAt } from '../files/directory-entries.js';
import { inject, injectable } from '../tsyringe.js';
import { isNamedAsVector } from '../vectors/named-as-vector.js';
import { countByReason, type DirectoryListing, listDirectory, reasonOf } from './list-directory.js';

type ArchiveReader = DiskReader & Required<Pick<DiskReader, 'imagesIn'>>;

/** Bounds the promises that exist at once: collecting hundreds of thousands takes longer than the work itself. */
const EXAMINED_AT_ONCE = 256;

/**
 * Lists images by their paths. Replaces a directory by the images in it, in the order of their names, without
 * descending into subdirectories or following symbolic links, and notes everything that is left out. A directory
 * without images becomes one failed image. A path that cannot be examined is kept, and fails when it is opened.
 */
@injectable()
export class FileSource implements ImageSource {
  readonly #readers: OtherParts<DiskReader>;
  #archives: readonly ArchiveReader[] | undefined;

  constructor(@inject(partsToken('reader')) readers: OtherParts<DiskReader>) {
    this.#readers = readers;
  }

  /** @throws `unreadable` if a directory cannot be listed. */
  async *list(named: readonly NamedImages[], options: ListOptions): AsyncGenerator<ListedImage> {
    for (let start = 0; start < named.length; start += EXAMINED_AT_ONCE) {
      const examined = named.slice(start, start + EXAMINED_AT_ONCE).map((each) => this.#imagesOf(each, options));
      for (const images of await Promise.all(examined)) {
        yield* images;
      }
    }
  }

  async #imagesOf({ word: path, ...stated }: NamedImages, { onNote }: ListOptions): Promise<readonly ListedImage[]> {
    const image = { path, ...stated };
    const kind = await kindAt(path);
    if (kind === undefined) {
      const archive = await archiveOf(path);
      return [{ ...image, ...(archive !== undefined && { archive }) }];
    }
    if (kind !== 'directory' && !(kind === 'link' && (await isDirectory(path)))) {
      return imagesOfFile(image, this.#archiveReaders());
    }
    const readers = this.#readers.names.map((name) => ({ name, part: this.#readers.get(name) }));
    const listing = await listDirectory(path, readers, (...note) => onNote('warning', ...note));
    noteLeftOut(path, listing, onNote);
    if (listing.images.length === 0) {
      return [{ ...image, failure: noImages(path, listing) }];
    }
    const images: ListedImage[] = [];
    for (const name of listing.images) {
      images.push(...(await imagesOfFile(listedIn(image, name), this.#archiveReaders())));
    }
    return images;
  }

  /** Returns the readers that know archives. */
  #archiveReaders(): readonly ArchiveReader[] {
    this.#archives ??= this.#readers.names.map((name) => this.#readers.get(name)).filter(knowsArchives);
    return this.#archives;
  }
}

function knowsArchives(reader: DiskReader): reader is ArchiveReader {
  return reader.imagesIn !== undefined;
}

/** Returns a file, or the images in it if it is an archive. One that cannot be read becomes a failed image. */
async function imagesOfFile(image: ListedImage, readers: readonly ArchiveReader[]): Promise<readonly ListedImage[]> {
  const { path: archive, format: _, ...stated } = image;
  try {
    for (const reader of readers) {
      const names = await reader.imagesIn(image);
      if (names !== undefined) {
        return names.map((name) => ({ ...stated, path: `${archive}:${name}`, archive }));
      }
    }
    return [image];
  } catch (thrown) {
    if (!(thrown instanceof VirtSimilarityError)) {
      throw thrown;
    }
    return [{ ...image, failure: thrown }];
  }
}

/** Returns the archive of a path that names a file in it: the longest part before a colon that exists. */
export async function archiveOf(path: string): Promise<string | undefined> {
  for (let colon = path.lastIndexOf(':'); colon > 0; colon = path.lastIndexOf(':', colon - 1)) {
    const before = path.slice(0, colon);
    const kind = await kindAt(before);
    if (kind === 'file' || (kind === 'link' && !(await isDirectory(before)))) {
      return before;
    }
  }
  return undefined;
}

/**
 * Returns a file of a directory with the format that was stated for the directory, unless it is a hash vector by name.
 */
function listedIn({ path: directory, format }: ListedImage, name: string): ListedImage {
  const path = pathIn(directory, name);
  return { path, ...(format !== undefined && !isNamedAsVector({ path }) && { format }), noFollow: true };
}

function noteLeftOut(path: string, { images, leftOut }: DirectoryListing, onNote: ListOptions['onNote']): void {
  if (leftOut.length > 0 && images.length > 0) {
    const left = `left out of ${path}: ${countByReason(leftOut)}`;
    // The names follow as debug notes.
    const remedy = wording`name an image to include it, or see every name with ${{ option: 'onNote' }}`;
    onNote('warning', ...asNote(wording`${left}; ${remedy}`));
  }
  for (const entry of leftOut) {
    onNote('debug', `left out ${pathIn(path, entry.name)}: ${reasonOf(entry)}`);
  }
}

function noImages(path: string, { leftOut }: DirectoryListing): VirtSimilarityError {
  const found = leftOut.length === 0 ? 'nothing' : countByReason(leftOut);
  const expected = 'expected files with the extension of a disk image';
  const problem = `${path} is a directory without images: ${expected}, found ${found}`;
  return new VirtSimilarityError('refused', `${problem}; name the images themselves`, { image: path });
}

/** Joins a directory and a name. Unlike `join`, does not resolve `..`, which may follow a symbolic link. */
function pathIn(directory: string, name: string): string {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}
