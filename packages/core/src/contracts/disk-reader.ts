import type { Wording } from '../errors.js';
import type { DiskImage, DiskStream, ImageIdentity } from './disk-image.js';
import type { DiskKey } from './disk-key.js';

/** A disk image, as the user names it. */
export interface DiskSource {
  /**
   * Path of a file or block device, as the user wrote it or a source listed it, or another name that a reader
   * understands, such as a URL. Bytes that are not UTF-8 are encoded as by `pathText`. In the input of `findImages`,
   * the path can also be `NAME:WORD` or `NAME://WORD`, for the images that a source calls `WORD` (see `ImageSource`).
   */
  readonly path: string;
  /**
   * The format that the user states: `raw`, `qcow2`, `vmdk`, …, or `arrow` for a hash vector. When absent, a path that
   * ends in `.arrow` is that of a hash vector, and the format of any other image is detected by inspection.
   */
  readonly format?: string | undefined;
  /** The image's name in reports; when absent, the name is derived from its path. */
  readonly label?: string | undefined;
  /** Set if the path comes from a directory listing: a symbolic link at this path is refused. */
  readonly noFollow?: true | undefined;
  /**
   * Set if images in use are allowed, and a source knows that a program can write to this image. If the image is then
   * read, the identity of its hash vector is `volatile`, whether or not the reader detects the writer.
   */
  readonly inUse?: true | undefined;
  /**
   * Path of the archive, if the image is a file in an archive. `path` then consists of the archive's path, a colon, and
   * the file's name in the archive or the end of that name. Only readers with `imagesIn`, and readers that delegate to
   * them, are asked to read the image.
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
   * Directories in which files that a header names are allowed: those of `FoundImages.directories`. Hidden files
   * (`.name`), block devices, and files in subdirectories are not allowed, and symbolic links only if they lead below
   * `allowedTrees`. Absolute, symbolic links resolved.
   */
  readonly allowedDirectories: readonly string[];
  /**
   * Directories that the user added for the same purpose. All files below them are allowed, including hidden files,
   * block devices and the targets of symbolic links. Absolute, symbolic links resolved.
   */
  readonly allowedTrees?: readonly string[] | undefined;
  /**
   * The largest allowed virtual size in bytes; larger disks are `refused`. `READ_DEFAULTS.maxVirtualSize` when absent.
   */
  readonly maxVirtualSize?: number | undefined;
  /**
   * Whether to open images that another process has open for writing. If true, the identity of such an image is
   * `volatile` once it is open, and `warn` is called. If false or absent, opening such an image fails with `in-use`.
   */
  readonly allowInUse?: boolean | undefined;
  /**
   * Whether external tools run in a sandbox (`required`, the default) or without one (`off`). Without a sandbox,
   * readers refuse formats whose parsers are too rarely used to be trusted.
   */
  readonly sandbox?: 'required' | 'off' | undefined;
  /**
   * The keys of encrypted disks. If at least one key is for a disk, the disk is decrypted, or fails if none of these
   * keys fits. A reader that cannot decrypt the disk declines it. Encrypted disks without a key are read as ciphertext.
   */
  readonly keys?: readonly DiskKey[] | undefined;
  /**
   * Set if the user chose the reader by name, so that no other reader is asked. A reader that cannot read a source then
   * throws an error with the reason and the remedy, if it knows them, instead of declining.
   */
  readonly isChosen?: true | undefined;
  /**
   * If set, `identify` makes the kernel write the image's files to disk before it inspects them. Otherwise, a later
   * change through a shared memory mapping might not change the times of the files.
   */
  readonly flush?: true | undefined;
  /**
   * Receives a one-line warning for the user about an anomaly that is not an error. Readers warn when they open an
   * image. They do not warn about ciphertext, because the identity shows it. `wording` is the same message with its
   * options kept separate; it can be absent if the message names no options.
   */
  readonly warn?: ((message: string, wording?: Wording) => void) | undefined;
  /**
   * Aborts calls in progress, including reads and extents of an image that was opened with this signal. The calls
   * throw, and leave no processes or temporary files behind.
   */
  readonly signal?: AbortSignal | undefined;
}

/** The defaults of `ReadOptions`. */
export const READ_DEFAULTS = {
  /** Bytes: 64 TiB, the largest size of a VHDX disk. Blocks of 16 KiB or more can then be numbered with 32 bits. */
  maxVirtualSize: 64 * 2 ** 40,
  allowInUse: false,
  sandbox: 'required',
} as const satisfies Partial<ReadOptions>;

/** An external dependency of a reader or source: a program, a kernel, a device. */
export interface Requirement {
  /** The name of the program or other dependency; the same in all diagnoses. */
  readonly name: string;
  readonly state: 'present' | 'missing' | 'broken';
  /** If the requirement is present, its version if known; if it is broken, the problem; otherwise empty. */
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
 * Between calls, a reader has no open files or processes, except those of open images and sessions. Every method must
 * support concurrent calls for different sources, throw only `VirtSimilarityError`, and never write to an image.
 */
export interface DiskReader {
  /**
   * The ends of the names of the images that this reader reads, such as `.qcow2` or `.img.gz`: lower case, beginning
   * with a dot. In a directory that the user names, only files with an extension of any reader, and hash vectors
   * (`.arrow`), are images.
   */
  readonly extensions?: readonly string[] | undefined;

  /**
   * The formats that a user can state for an image of this reader, such as `qcow2`. If every reader lists its formats,
   * any other format except `arrow` is refused before anything is read.
   */
  readonly formats?: readonly string[] | undefined;

  /**
   * Set if `identify` also accepts a source that the reader does not recognise, and treats it as a raw disk. `auto`
   * asks such readers last.
   */
  readonly fallback?: true | undefined;

  /**
   * For a reader that delegates every image to another reader: returns the name of the reader that reads the image with
   * this identity, which is a result of `identify`. `auto` never asks a delegating reader. A delegating reader must
   * have no `extensions`, `formats` or `diagnose`, and must call the other readers without `isChosen`. For one source,
   * it must pass the same options object to all of them, so that they can share what they find.
   */
  readerOf?(identity: ImageIdentity): string | undefined;

  /**
   * Returns what the image's content depends on, or `undefined` if another reader should be asked. Must be cheap enough
   * for hundreds of images: reads only headers, and avoids starting a process, except to check a key. The key must be
   * checked, because a user without it must not get a stored vector of decrypted content. Called before an image is
   * opened, again after it was read, and usually also after reading failed, each time with a new `options` object. A
   * later call must not reuse results of an earlier call.
   *
   * @throws if policy forbids every reader to read the source, if the source cannot be inspected, and with `isChosen`
   *   also if this reader cannot read it.
   */
  identify(source: DiskSource, options: ReadOptions): Promise<ImageIdentity | undefined>;

  /**
   * Opens the image. The caller closes the image. The reader can reuse the results of `identify` if `identity` is the
   * object that `identify` returned, or if its chain is the end of that object's chain, from a `standalone` link on,
   * with the same link objects. For any other identity, and if the image has changed since, the reader inspects the
   * image again. The identity of the opened image describes the content that is read. A disk that can only be read from
   * beginning to end is a `DiskStream`.
   *
   * @throws if the image cannot be opened or must not be read, and as `identify` if it is inspected again.
   */
  open(source: DiskSource, identity: ImageIdentity, options: ReadOptions): Promise<DiskImage | DiskStream>;

  /**
   * Finds files in a directory that are parts of another image there, such as the extents that a VMDK descriptor names.
   * Returns a map from each part's name to its image's name. Decides by the image's content, never by the part's name.
   * Must be cheap: reads only descriptors. Does not fail for a file that cannot be read or parsed, but treats it as a
   * file without parts.
   *
   * @param directory the directory's path, as the user wrote it
   * @param names names in the directory, with any extension: those of all regular files that are not excluded, or those
   *   that the user named, whatever they refer to
   */
  partsIn?(directory: string, names: readonly string[]): Promise<ReadonlyMap<string, string>>;

  /**
   * For a file that contains images, such as an archive: returns a unique name for each image. The source `files` then
   * lists each image with `archive` set to the path of the file. Returns `undefined` for any other file, if possible
   * without opening the file.
   *
   * @throws if the file is an archive that cannot be read, or contains no images or more than the reader supports.
   */
  imagesIn?(source: DiskSource): Promise<readonly string[] | undefined>;

  /**
   * For readers that are costly to start: announces the images that a run will open, so that the reader can open them
   * with as few processes as possible. The run opens the images, and those of their backing images that are
   * `standalone`, through the session, and closes the session at the end. The session must start nothing before its
   * first `open`.
   */
  startSession?(images: readonly IdentifiedSource[], options: ReadOptions): ReaderSession;

  /**
   * Diagnoses what the reader needs from the system and what works, so that users can find out why an image cannot be
   * read. Is allowed to start programs to query their versions.
   *
   * @param run the same object for all parts of one diagnosis, so that they can share their findings
   * @throws `aborted`. Any other error becomes the `problem` of the diagnosis.
   */
  diagnose?(run: DiagnosisRun): Promise<PartDiagnosis>;
}

/** A session that opens the images of one run. */
export interface ReaderSession {
  /** As {@link DiskReader.open}, for an announced image, or for a `standalone` backing image of an announced image. */
  open(source: DiskSource, identity: ImageIdentity, options: ReadOptions): Promise<DiskImage | DiskStream>;
  /** Ends every process of the session. Images that are still open are unusable afterwards. Idempotent. */
  close(): Promise<void>;
}
