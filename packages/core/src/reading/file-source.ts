import { basename, dirname } from 'node:path';
import type { DiskReader, ReadOptions } from '../contracts/disk-reader.js';
import type { ImageSource, ListedImage, ListOptions, NamedImages } from '../contracts/image-source.js';
import { type NamedPart, type OtherParts, partsToken } from '../contracts/plugin.js';
import { asNote, VirtSimilarityError, type Wording, wording } from '../errors.js';
import { isDirectory, kindAt } from '../files/directory-entries.js';
import { inject, injectable } from '../tsyringe.js';
import { isNamedAsVector } from '../vectors/named-as-vector.js';
import { type Exclusion, exclusionOf } from './exclusion.js';
import { countByReason, type DirectoryListing, listDirectory, partsAmong, pathIn, reasonOf } from './list-directory.js';

type ArchiveReader = DiskReader & Required<Pick<DiskReader, 'imagesIn'>>;

/** The context that all words of one call share. */
interface Listing {
  readonly readers: readonly NamedPart<DiskReader>[];
  readonly archiveReaders: readonly ArchiveReader[];
  readonly isExcluded: Exclusion;
}

/**
 * The most paths that are examined at the same time: collecting hundreds of thousands of promises takes longer than
 * examining the paths.
 */
const EXAMINED_AT_ONCE = 256;

type Note = Parameters<ListOptions['onNote']>;

/**
 * Lists images by their paths. Replaces a directory by the images in it (see `listDirectory`), and an archive by the
 * images in the archive. A directory without images becomes one failed image. Leaves out excluded paths, and files that
 * are parts of other named images. Reports in notes what it leaves out. A path that cannot be examined is kept, and
 * fails when it is opened.
 */
@injectable()
export class FileSource implements ImageSource {
  readonly #readers: OtherParts<DiskReader>;

  constructor(@inject(partsToken('reader')) readers: OtherParts<DiskReader>) {
    this.#readers = readers;
  }

  /**
   * @throws as `listDirectory`; `plugin` if a reader cannot be constructed; what `onNote` throws; and what a reader's
   *   `imagesIn` throws that is not an error of this project.
   */
  async *list(named: readonly NamedImages[], options: ListOptions): AsyncGenerator<ListedImage> {
    const isExcluded = exclusionOf(options.exclude ?? []);
    const included = named.filter(({ word }) => !isExcluded(word));
    if (included.length < named.length) {
      noteExcluded(named.map(({ word }) => word).filter(isExcluded), options.onNote);
    }
    const readers = this.#readers.names.map((name) => ({ name, part: this.#readers.get(name) }));
    const archiveReaders = readers.map(({ part }) => part).filter(knowsArchives);
    const listing = { readers, archiveReaders, isExcluded };
    const images = await withoutParts(included, readers, options);
    for (let start = 0; start < images.length; start += EXAMINED_AT_ONCE) {
      const examined = images.slice(start, start + EXAMINED_AT_ONCE).map((each) => examine(each, listing, options));
      for (const { images: listed, notes } of await Promise.all(examined)) {
        for (const note of notes) {
          options.onNote(...note);
        }
        yield* listed;
      }
    }
  }
}

/**
 * Returns the images that a word names, and the notes about them. The caller reports the notes, so that they are in
 * order although words are examined at the same time.
 */
async function examine(
  { word: path, ...stated }: NamedImages,
  { readers, archiveReaders, isExcluded }: Listing,
  { recursive, signal }: ListOptions,
): Promise<{ readonly images: readonly ListedImage[]; readonly notes: readonly Note[] }> {
  const notes: Note[] = [];
  const onNote: ListOptions['onNote'] = (...note) => notes.push(note);
  const image = { path, ...stated };
  const kind = await kindAt(path);
  if (kind === undefined) {
    const archive = await archiveOf(path);
    return { images: [{ ...image, ...(archive !== undefined && { archive }) }], notes };
  }
  if (kind !== 'directory' && !(kind === 'link' && (await isDirectory(path)))) {
    return { images: await imagesOfFile(image, archiveReaders), notes };
  }
  const warn: NonNullable<ReadOptions['warn']> = (...note) => onNote('warning', ...note);
  const listing = await listDirectory(path, readers, { recursive, isExcluded, warn, signal });
  noteLeftOut(path, listing, onNote);
  if (listing.images.length === 0) {
    return { images: [{ ...image, failure: noImages(path, listing) }], notes };
  }
  const images: ListedImage[] = [];
  for (const name of listing.images) {
    images.push(...(await imagesOfFile(listedIn(image, name), archiveReaders)));
  }
  return { images, notes };
}

function knowsArchives(reader: DiskReader): reader is ArchiveReader {
  return reader.imagesIn !== undefined;
}

/**
 * Returns a file, or the images in the file if it is an archive. An archive that cannot be read becomes a failed image.
 */
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

/**
 * Returns the path of the archive if `path` names a file in an archive: the longest part before a colon that is the
 * path of a file; `undefined` if there is none.
 */
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
 * Returns the named images without files that are parts of other named images in the same directory. For example, a
 * shell pattern can match all files of a split disk, of which only the first is an image. Files whose format is stated
 * are kept. Reports in notes what is left out.
 */
async function withoutParts(
  named: readonly NamedImages[],
  readers: readonly NamedPart<DiskReader>[],
  { onNote }: Pick<ListOptions, 'onNote'>,
): Promise<readonly NamedImages[]> {
  const namesIn = new Map<string, string[]>();
  for (const { word, format } of named) {
    const directory = dirname(word);
    const names = namesIn.get(directory) ?? [];
    if (format === undefined) {
      names.push(basename(word));
    }
    namesIn.set(directory, names);
  }
  const images = new Map<string, string>();
  for (const [directory, names] of namesIn) {
    if (names.length < 2) {
      continue;
    }
    const parts = await partsAmong(directory, names, readers, (...note) => onNote('warning', ...note));
    for (const [name, image] of parts) {
      images.set(pathIn(directory, name), image);
    }
  }
  const isPart = ({ word, format }: NamedImages): boolean =>
    format === undefined && images.has(pathIn(dirname(word), basename(word)));
  const left = named.filter(isPart);
  if (left.length > 0) {
    const files = `${left.length} named ${left.length === 1 ? 'file, a part' : 'files, parts'}`;
    const remedy = wording`see every name with ${{ option: 'onNote' }}`;
    onNote('warning', ...asNote(wording`left out ${files} of other named images; ${remedy}`));
  }
  for (const { word } of left) {
    onNote('debug', `left out ${word}: part of ${images.get(pathIn(dirname(word), basename(word)))}`);
  }
  return named.filter((each) => !isPart(each));
}

/**
 * Returns a file of a directory as an image, with the format that was stated for the directory unless the file has the
 * name of a hash vector.
 */
function listedIn({ path: directory, format }: ListedImage, name: string): ListedImage {
  const path = pathIn(directory, name);
  return { path, ...(format !== undefined && !isNamedAsVector({ path }) && { format }), noFollow: true };
}

/** Reports the excluded names: in a warning, their number or the only name; in a debug note, each name. */
function noteExcluded(paths: readonly string[], onNote: ListOptions['onNote']): void {
  const images = paths.length === 1 ? `${paths[0]}, which is` : `${paths.length} named images, which are`;
  onNote('warning', `left out ${images} excluded`);
  for (const path of paths) {
    onNote('debug', `left out ${path}: excluded`);
  }
}

function noteLeftOut(path: string, { images, leftOut }: DirectoryListing, onNote: ListOptions['onNote']): void {
  // A cache is expected: this program created it.
  const noteworthy = leftOut.filter(({ reason }) => reason !== 'cache');
  if (noteworthy.length > 0 && images.length > 0) {
    const left = `left out of ${path}: ${countByReason(noteworthy)}`;
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
