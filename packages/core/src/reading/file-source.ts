import type { DiskReader, ReadOptions } from '../contracts/disk-reader.js';
import type { ImageSource, ListedImage, ListOptions, NamedImages } from '../contracts/image-source.js';
import { type OtherParts, partsToken } from '../contracts/plugin.js';
import { asNote, VirtSimilarityError, type Wording, wording } from '../errors.js';
import { isDirectory, kindAt } from '../files/directory-entries.js';
import { inject, injectable } from '../tsyringe.js';
import { isNamedAsVector } from '../vectors/named-as-vector.js';
import { type Exclusion, exclusionOf } from './exclusion.js';
import { countByReason, type DirectoryListing, listDirectory, pathIn, reasonOf } from './list-directory.js';

/** Bounds the promises that exist at once: collecting hundreds of thousands takes longer than the work itself. */
const EXAMINED_AT_ONCE = 256;

type Note = Parameters<ListOptions['onNote']>;

/**
 * Lists images by their paths. Replaces a directory by the images in it, in the order of their names, without following
 * symbolic links, and notes everything that is left out: subdirectories too, unless the listing is recursive. A
 * directory without images becomes one failed image. A path that cannot be examined is kept, and fails when it is opened.
 */
@injectable()
export class FileSource implements ImageSource {
  readonly #readers: OtherParts<DiskReader>;

  constructor(@inject(partsToken('reader')) readers: OtherParts<DiskReader>) {
    this.#readers = readers;
  }

  /** @throws `unreadable` if a directory cannot be listed. */
  async *list(named: readonly NamedImages[], options: ListOptions): AsyncGenerator<ListedImage> {
    const isExcluded = exclusionOf(options.exclude ?? []);
    const included = named.filter(({ word }) => !isExcluded(word));
    if (included.length < named.length) {
      noteExcluded(named.map(({ word }) => word).filter(isExcluded), options.onNote);
    }
    for (let start = 0; start < included.length; start += EXAMINED_AT_ONCE) {
      const examined = included
        .slice(start, start + EXAMINED_AT_ONCE)
        .map((each) => this.#examine(each, isExcluded, options));
      for (const { images, notes } of await Promise.all(examined)) {
        for (const note of notes) {
          options.onNote(...note);
        }
        yield* images;
      }
    }
  }

  /** Returns the images that a word names, and the notes about them: in order, whatever is examined at the same time. */
  async #examine(
    { word: path, ...stated }: NamedImages,
    isExcluded: Exclusion,
    { recursive, signal }: ListOptions,
  ): Promise<{ readonly images: readonly ListedImage[]; readonly notes: readonly Note[] }> {
    const notes: Note[] = [];
    const onNote: ListOptions['onNote'] = (...note) => notes.push(note);
    const image = { path, ...stated };
    const kind = await kindAt(path);
    if (kind !== 'directory' && !(kind === 'link' && (await isDirectory(path)))) {
      return { images: [image], notes };
    }
    const readers = this.#readers.names.map((name) => ({ name, part: this.#readers.get(name) }));
    const warn: NonNullable<ReadOptions['warn']> = (...note) => onNote('warning', ...note);
    const listing = await listDirectory(path, readers, { recursive, isExcluded, warn, signal });
    noteLeftOut(path, listing, onNote);
    if (listing.images.length === 0) {
      return { images: [{ ...image, failure: noImages(path, listing) }], notes };
    }
    return { images: listing.images.map((name) => listedIn(image, name)), notes };
  }
}

/**
 * Returns a file of a directory with the format that was stated for the directory, unless it is a hash vector by name.
 */
function listedIn({ path: directory, format }: ListedImage, name: string): ListedImage {
  const path = pathIn(directory, name);
  return { path, ...(format !== undefined && !isNamedAsVector({ path }) && { format }), noFollow: true };
}

/** Notes the named images that are excluded: their number, and their names as debug notes. */
function noteExcluded(paths: readonly string[], onNote: ListOptions['onNote']): void {
  const images = paths.length === 1 ? `${paths[0]}, which is` : `${paths.length} named images, which are`;
  onNote('warning', `left out ${images} excluded`);
  for (const path of paths) {
    onNote('debug', `left out ${path}: excluded`);
  }
}

function noteLeftOut(path: string, { images, leftOut }: DirectoryListing, onNote: ListOptions['onNote']): void {
  if (leftOut.length > 0 && images.length > 0) {
    const left = `left out of ${path}: ${countByReason(leftOut)}`;
    // The names follow as debug notes.
    const remedy = wording`name an image to include it, or see every name with ${{ option: 'onNote' }}`;
    onNote('warning', ...asNote(wording`${left}; ${searchRemedy(leftOut, ', ')}${remedy}`));
  }
  for (const entry of leftOut) {
    onNote('debug', `left out ${pathIn(path, entry.name)}: ${reasonOf(entry)}`);
  }
}

function noImages(path: string, { leftOut }: DirectoryListing): VirtSimilarityError {
  const found = leftOut.length === 0 ? 'nothing' : countByReason(leftOut);
  const expected = 'expected files with the extension of a disk image';
  const problem = `${path} is a directory without images: ${expected}, found ${found}`;
  const remedy = wording`${problem}; ${searchRemedy(leftOut, ', or ')}name the images themselves`;
  return new VirtSimilarityError('refused', remedy, { image: path });
}

/** Returns the beginning of a remedy for subdirectories that were left out, or an empty text if there are none. */
function searchRemedy(leftOut: DirectoryListing['leftOut'], separator: string): Wording {
  return leftOut.some(({ reason }) => reason === 'directory')
    ? wording`search the subdirectories with ${{ option: 'recursive' }}${separator}`
    : '';
}
