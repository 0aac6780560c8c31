import type { Wording } from '../errors.js';
import type { DiskImage, DiskStream, ImageIdentity } from './disk-image.js';
import type { DiskKey } from './disk-key.js';

/** A disk image, as the user names it. */
export interface DiskSource {
  /**
   * Path of a file or block device, as the user wrote it; bytes that are not UTF-8 are encoded as by `pathText`. In the
   * input of `findImages`, also `NAME:WORD`: images that the source `NAME` knows as `WORD`.
   */
  readonly path: string;
  /**
   * The format that the user states: `raw`, `qcow2`, `vmdk`, …, or `arrow` for a hash vector. When absent, the format
   * is detected by inspection, and a path that ends in `.arrow` is a hash vector.
   */
  readonly format?: string | undefined;
  /** The image's name in reports, instead of a part of its path. */
  readonly label?: string | undefined;
  /** Set if the path comes from a directory listing: a symbolic link at this path is refused. */
  readonly noFollow?: true | undefined;
  /**
   * Set if a source knows that a program may write to the image, and images in use are allowed. Its identity is then
   * `volatile`, whether or not the reader detects the writer.
   */
  readonly inUse?: true | undefined;
  /**
   * Set if the image is a file in an archive: the path of the archive. `path` is then this path, a colon, and the
   * file's name in the archive, or the end of the name. Only readers with `imagesIn` are asked to read it.
   */
  readonly archive?: string | undefined;
}

/** An image with its identity. */
export interface IdentifiedSource {
  readonly source: DiskSource;
  readonly identity: ImageIdentity;
}

/** The limits and services of a run, for its readers. */
export interface ReadOptions {
  /**
   * Directories that may contain the files that a header names: the directories of the images that the user named,
   * without subdirectories and hidden files (`.name`). Absolute, symbolic links resolved.
   */
  readonly allowedDirectories: readonly string[];
  /**
   * Directories that the user added for the same purpose. Everything below them may be read, including hidden files,
   * block devices and the targets of symbolic links. Absolute, symbolic links resolved.
   */
  readonly allowedTrees?: readonly string[] | undefined;
  /**
   * The largest allowed virtual size in bytes; larger disks are `refused`. `READ_DEFAULTS.maxVirtualSize` when absent.
   */
  readonly maxVirtualSize?: number | undefined;
  /**
   * Whether to open an image that another process has open for writing. Its identity is then `volatile`, and `warn` is
   * called. If false or absent, such an image fails with `in-use`.
   */
  readonly allowInUse?: boolean | undefined;
  /**
   * Whether external tools run in a sandbox (`required`, the default) or without one (`off`). Without a sandbox,
   * readers refuse formats whose parsers are too rarely used to be trusted.
   */
  readonly sandbox?: 'required' | 'off' | undefined;
  /**
   * The keys of encrypted disks. A disk for which there is a key is decrypted, and fails if no such key fits. A reader
   * that cannot decrypt declines the disk. Encrypted disks without a key are read as ciphertext.
   */
  readonly keys?: readonly DiskKey[] | undefined;
  /**
   * Set if the user chose the reader by name, so that no other reader is asked. A reader that cannot read a source then
   * throws an error with the reason and the remedy, if it knows them, instead of declining.
   */
  readonly isChosen?: true | undefined;
  /**
   * If set, `identify` makes the kernel write the image's files to disk before it inspects them. Only then does every
   * later change through a shared memory mapping show in their times.
   */
  readonly flush?: true | undefined;
  /**
   * Receives a one-line warning for the user about an anomaly that is not an error. Readers warn when they open an
   * image. They do not warn about ciphertext, because the identity shows it. `wording` is the same message with its
   * options kept separate; passed if the message may name options.
   */
  readonly warn?: ((message: string, wording?: Wording) => void) | undefined;
  /**
   * Aborts calls in progress, including reads and extents of an image that was opened with this signal: they throw, and
   * no processes or files remain.
   */
  readonly signal?: AbortSignal | undefined;
}

/** The defaults of `ReadOptions`. */
export const READ_DEFAULTS = {
  /** Bytes: 64 TiB, more than any hypervisor offers, and small enough to be compared. */
  maxVirtualSize: 64 * 2 ** 40,
  allowInUse: false,
  sandbox: 'required',
} as const satisfies Partial<ReadOptions>;

/** An external dependency of a reader or source: a program, a kernel, a device. */
export interface Requirement {
  /** The name of the program or other dependency; the same in all diagnoses. */
  readonly name: string;
  readonly state: 'present' | 'missing' | 'broken';
  /** The version if it is present and has one, or the problem if it is broken. */
  readonly detail: string;
  /** Its purpose, in a few words. */
  readonly purpose: string;
  /** The Debian packages that provide it, separated by spaces, if any do. */
  readonly package?: string | undefined;
}

/** A capability of a reader or source that depends on requirements. */
export interface PartAbility {
  /** The images that can be read or listed, in a few words. */
  readonly purpose: string;
  /** Names of the requirements that must be present. */
  readonly needs: readonly string[];
}

/** The context of one diagnosis of all parts. */
export interface DiagnosisRun {
  readonly signal?: AbortSignal | undefined;
}

/** The requirements and abilities of a reader or source on this machine. */
export interface PartDiagnosis {
  readonly requirements: readonly Requirement[];
  readonly abilities: readonly PartAbility[];
}

/**
 * Opens disk images of certain formats, or by means of a certain tool.
 *
 * A reader holds no open resources between calls. Every method may be called concurrently for different sources, throws
 * only `VirtSimilarityError`, and never writes to an image.
 */
export interface DiskReader {
  /**
   * The ends of the names of the images that this reader reads, such as `.qcow2` or `.img.gz`: lower case, from a dot
   * on. In a directory that the user names, only files with an extension of some reader are images.
   */
  readonly extensions?: readonly string[] | undefined;

  /**
   * The formats that a user can state for an image of this reader, such as `qcow2`. If every reader lists its formats,
   * any other format is refused before anything is read.
   */
  readonly formats?: readonly string[] | undefined;

  /**
   * Set if `identify` also accepts a source that the reader does not recognise, and treats it as a raw disk. `auto`
   * asks such readers last.
   */
  readonly fallback?: true | undefined;

  /**
   * For a reader that delegates every image to another reader: returns the name of the reader for the identity that
   * `identify` returned. A delegating reader has no extensions, formats or diagnosis of its own, and `auto` never asks
   * it. It calls the other readers without `isChosen`. For one source, it passes all of them the same options object,
   * so that they can share what they find.
   */
  readerOf?(identity: ImageIdentity): string | undefined;

  /**
   * Returns what the image's content depends on, or `undefined` if another reader should be asked. Must be cheap enough
   * for hundreds of images: reads only headers, and avoids starting a process, except to check a key. The key must be
   * checked, because nobody without it may get a stored vector of decrypted content. Called once before an image is
   * opened and once after it was read, each time with a new `options` object. The second call must not reuse results of
   * the first.
   *
   * @throws if policy forbids every reader to read the source.
   */
  identify(source: DiskSource, options: ReadOptions): Promise<ImageIdentity | undefined>;

  /**
   * Opens the image. The caller closes it. If `identity` is the object that `identify` returned, or consists of the
   * same link objects without those above a `standalone` link, the reader can reuse what it found. For any other
   * object, and if the image has changed since, it inspects the image again. The identity of the opened image describes
   * what is read. A disk that can only be read from beginning to end is a `DiskStream`.
   */
  open(source: DiskSource, identity: ImageIdentity, options: ReadOptions): Promise<DiskImage | DiskStream>;

  /**
   * Finds files in a directory that are parts of another image there, such as the extents that a VMDK descriptor names.
   * Returns a map from each part's name to its image's name. Decides by the image's content, never by the part's name.
   * Cheap: reads only descriptors. Does not fail on a file that cannot be read or parsed: such a file has no parts.
   *
   * @param directory the directory's path, as the user wrote it
   * @param names names in the directory, with any extension: of all its regular files, or of those that the user named
   */
  partsIn?(directory: string, names: readonly string[]): Promise<ReadonlyMap<string, string>>;

  /**
   * For a file that holds several images, such as an archive: returns their names, which distinguish them. The source
   * `files` then lists each image with `archive`. Returns `undefined` for any other file, if possible without opening
   * the file.
   *
   * @throws if the file holds images, but cannot be read or has none.
   */
  imagesIn?(source: DiskSource): Promise<readonly string[] | undefined>;

  /**
   * For readers that are costly to start: announces the images that a run will open, so that as few processes as
   * possible are needed. The run opens them through the session and closes the session at the end. Nothing is started
   * before the session's first `open`.
   */
  startSession?(images: readonly IdentifiedSource[], options: ReadOptions): ReaderSession;

  /**
   * Diagnoses what the reader needs from the system and what works, so that users can find out why an image cannot be
   * read. May start programs to query their versions.
   *
   * @param run the same object for all parts of one diagnosis, so that they can share their findings
   * @throws `aborted`.
   */
  diagnose?(run: DiagnosisRun): Promise<PartDiagnosis>;
}

/** A session that opens announced images within one run. */
export interface ReaderSession {
  /** As {@link DiskReader.open}, for an announced image. */
  open(source: DiskSource, identity: ImageIdentity, options: ReadOptions): Promise<DiskImage | DiskStream>;
  /** Ends every process of the session. Idempotent; images still open are unusable afterwards. */
  close(): Promise<void>;
}
