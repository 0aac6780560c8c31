import type { VirtSimilarityError } from '../errors.js';
import type { DiagnosisRun, DiskSource, PartDiagnosis } from './disk-reader.js';
import type { HashOptions } from './stages.js';

/** A word by which a user names one or more images of a source, and what the user stated about these images. */
export interface NamedImages extends Omit<DiskSource, 'path'> {
  /** A path for the source `files`; for another source, the text after `NAME:` or `NAME://`. */
  readonly word: string;
}

/** An image that a source found. */
export interface ListedImage extends DiskSource {
  /** The reason why the image cannot be read, if the source knows it. */
  readonly failure?: VirtSimilarityError | undefined;
  /**
   * Absolute paths of the image's backing files, if a configuration that the user trusts names them. Backing files are
   * then allowed in the directories of these paths, in addition to the image's own directory.
   */
  readonly backing?: readonly string[] | undefined;
}

/** The callbacks, limits and signal for listing images. */
export interface ListOptions {
  /** Receives notes about omitted images and anomalies. */
  readonly onNote: NonNullable<HashOptions['onNote']>;
  /**
   * Whether images in use are allowed. If a source knows that an image is in use, it lists the image with `inUse` if
   * this option is true, and with a `failure` if this option is false or absent.
   */
  readonly allowInUse?: boolean | undefined;
  /** As in `HashOptions`. */
  readonly recursive?: boolean | undefined;
  /** As in `HashOptions`. */
  readonly exclude?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lists images by the names that users give them: paths for the source `files`, other names for other sources, such as
 * the machines of a hypervisor. Users write `NAME:WORD`, where `NAME` is the name of the source. A word without the
 * name of a source is a path. If the name of a source ends in `://`, as in `nbd://`, users write URLs instead, and
 * `nbd:x` is the path of a file.
 */
export interface ImageSource {
  /**
   * Yields the images in the order in which they are named. The `format` and `label` that the user stated for a word
   * override those of the yielded image, except that the stated format is not applied to hash vectors, and that the
   * source `files` applies it itself. An image must have `noFollow` if a symbolic link at its path must be refused.
   *
   * @param named consecutive words for this source, at least one
   * @throws `usage` for a word that it does not understand, and any error that prevents listing.
   */
  list(named: readonly NamedImages[], options: ListOptions): AsyncIterable<ListedImage>;

  /** As `diagnose` of a reader; absent if the source needs nothing from the system. */
  diagnose?(run: DiagnosisRun): Promise<PartDiagnosis>;
}
