import type { VirtSimilarityError } from '../errors.js';
import type { DiskSource } from './disk-reader.js';
import type { HashOptions } from './stages.js';

/** Images as a user names them. */
export interface NamedImages extends Omit<DiskSource, 'path'> {
  /** What the source knows them by: for `files` a path, for another source what follows its name and a colon. */
  readonly word: string;
}

/** An image that a source found. */
export interface ListedImage extends DiskSource {
  /** Why it cannot be read, if the source knows. */
  readonly failure?: VirtSimilarityError;
}

/** What bounds listing images, and whom to tell. */
export interface ListOptions {
  /** Takes notes on what is left out, or odd. */
  readonly onNote: NonNullable<HashOptions['onNote']>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lists the images that users name by something other than a path, such as machines of a hypervisor. Images are named
 * `NAME:WORD` by the source's name; what has no source's name before it is for the source `files`.
 */
export interface ImageSource {
  /**
   * The images in the order in which they are named. What the user stated for a word, its `format` or `label`, is that of its
   * image; `noFollow` is set if a symbolic link at the path is to be refused.
   *
   * @param named neighbouring words for this source, at least one
   * @throws `usage` on a word that it does not understand, and otherwise what keeps it from listing any image.
   */
  list(named: readonly NamedImages[], options: ListOptions): AsyncIterable<ListedImage>;
}
