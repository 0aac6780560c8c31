import type { VirtSimilarityError } from '../errors.js';
import type { DiagnosisRun, DiskSource, PartDiagnosis } from './disk-reader.js';
import type { HashOptions } from './stages.js';

/** Images, as a user names them for one source. */
export interface NamedImages extends Omit<DiskSource, 'path'> {
  /** The images' name within the source: a path for `files`, for other sources the text after `NAME:` or `NAME://`. */
  readonly word: string;
}

/** An image that a source found. */
export interface ListedImage extends DiskSource {
  /** The reason why the image cannot be read, if the source knows it. */
  readonly failure?: VirtSimilarityError | undefined;
  /**
   * Absolute paths of the image's backing files, if a configuration that the user trusts names them. Backing files may
   * then be in the directories of these paths, as well as in the image's own directory.
   */
  readonly backing?: readonly string[] | undefined;
}

/** The callbacks, limits and signal for listing images. */
export interface ListOptions {
  /** Receives notes about omitted images and anomalies. */
  readonly onNote: NonNullable<HashOptions['onNote']>;
  /**
   * Whether images in use may be read. If so, a source that knows that an image is in use lists the image with `inUse`;
   * otherwise, with a `failure`.
   */
  readonly allowInUse?: boolean | undefined;
  /** As in `HashOptions`. */
  readonly recursive?: boolean | undefined;
  /** As in `HashOptions`. */
  readonly exclude?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lists images that users name by something other than a path, such as the machines of a hypervisor. Users write
 * `NAME:WORD` with the source's name; without the name of a source, the word is a path for the source `files`. A name
 * that ends in `://`, such as `nbd://`, is the beginning of URLs: a file named `nbd:x` is then still a file.
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

  /** As `diagnose` of a reader; absent if the source needs nothing from the system. */
  diagnose?(run: DiagnosisRun): Promise<PartDiagnosis>;
}
