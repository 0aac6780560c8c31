import type { VirtSimilarityError } from '../errors.js';
import type { DiskSource } from './disk-reader.js';
import type { HashOptions } from './stages.js';

/** Images, as a user names them for one source. */
export interface NamedImages extends Omit<DiskSource, 'path'> {
  /** The images' name within the source: a path for `files`, for other sources the text after `NAME:`. */
  readonly word: string;
}

/** An image that a source found. */
export interface ListedImage extends DiskSource {
  /** The reason why the image cannot be read, if the source knows it. */
  readonly failure?: VirtSimilarityError | undefined;
}

/** The callbacks and signal for listing images. */
export interface ListOptions {
  /** Receives notes about omitted images and anomalies. */
  readonly onNote: NonNullable<HashOptions['onNote']>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lists images that users name by something other than a path, such as the machines of a hypervisor. Users write
 * `NAME:WORD` with the source's name; without the name of a source, the word is a path for the source `files`.
 */
export interface ImageSource {
  /**
   * Yields the images in the order in which they are named. The `format` and `label` that the user stated for a word
   * apply to its image. `noFollow` is set if a symbolic link at the path must be refused.
   *
   * @param named consecutive words for this source, at least one
   * @throws `usage` for a word that it does not understand, and any error that prevents listing.
   */
  list(named: readonly NamedImages[], options: ListOptions): AsyncIterable<ListedImage>;
}
