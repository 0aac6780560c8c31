import type { Wording } from '../errors.js';
import type { DiskImage, ImageIdentity } from './disk-image.js';

/** A disk image as the user names it. */
export interface DiskSource {
  /**
   * Path of a file or block device, as the user wrote it; bytes that are not UTF-8 as `pathText` has them. Before the images
   * are found also `NAME:WORD`, what the source of that name knows as the word.
   */
  readonly path: string;
  /**
   * The format the user states (`raw`, `qcow2`, `vmdk`, …; `arrow` for a hash vector). When absent it is found by
   * inspection, and a path that ends in `.arrow` is a hash vector.
   */
  readonly format?: string;
  /** What reports call the image, instead of a part of its path. */
  readonly label?: string;
  /** Set where the path was found in a listing of a directory: a symbolic link in its place is refused. */
  readonly noFollow?: true;
}

/** An image whose identity is known. */
export interface IdentifiedSource {
  readonly source: DiskSource;
  readonly identity: ImageIdentity;
}

/** What a run allows and offers its readers. */
export interface ReadOptions {
  /**
   * Directories in which files that a header names may lie: those in which the user named images. The directories
   * themselves, not what is below them, and no hidden file (`.name`). Absolute, symbolic links resolved.
   */
  readonly allowedDirectories: readonly string[];
  /**
   * Directories that the user added for the same purpose: everything below them may be read, also hidden files, block
   * devices and what symbolic links lead to. Absolute, symbolic links resolved.
   */
  readonly allowedTrees?: readonly string[];
  /** Bytes that a disk may claim to have at most; more is `refused`. `READ_DEFAULTS.maxVirtualSize` when absent. */
  readonly maxVirtualSize?: number;
  /**
   * Whether an image is opened although somebody has it open for writing: its identity is `volatile` then, and `warn`
   * is told. Otherwise, and when absent, that is `in-use`.
   */
  readonly allowInUse?: boolean;
  /**
   * Whether outside tools must run in a sandbox (`required`, and when absent), or run without one (`off`). Where there
   * is none, readers refuse the formats whose parsers are too rarely used to be trusted without it.
   */
  readonly sandbox?: 'required' | 'off';
  /**
   * Set where the user chose the reader by name, so that no other one is asked: a reader that knows why a source is not
   * its own, and what to do about it, throws that instead of declining.
   */
  readonly isChosen?: true;
  /**
   * Set where `identify` is to have the kernel write changes of the image's files to disk before it looks at them, as
   * programs made them through shared memory mappings: only then does every later change of that kind show in the times.
   */
  readonly flush?: true;
  /**
   * Takes a one-line note for the user about something odd that is no error. Readers give notes when they open.
   * `wording` is the same with its options apart, given where it may name some.
   */
  readonly warn?: (message: string, wording?: Wording) => void;
  /**
   * Ends what is under way, also the reads and extents of an image that was opened with it: they throw, and nothing
   * stays behind.
   */
  readonly signal?: AbortSignal;
}

/** What holds where `ReadOptions` leave something open. */
export const READ_DEFAULTS = {
  /** Bytes: 64 TiB, more than any hypervisor offers and little enough to be compared. */
  maxVirtualSize: 64 * 2 ** 40,
  allowInUse: false,
  sandbox: 'required',
} as const satisfies Partial<ReadOptions>;

/** Something outside that a reader uses: a program, a kernel, a device. */
export interface Requirement {
  /** The program's name, or what else it is; the same in the diagnoses of all readers. */
  readonly name: string;
  readonly state: 'present' | 'missing' | 'broken';
  /** Its version where it is present and has one, and what is wrong where it is broken. */
  readonly detail: string;
  /** What it is for, in a few words. */
  readonly purpose: string;
  /** The Debian packages that have it, separated by blanks, if any have. */
  readonly package?: string | undefined;
}

/** Something that a reader can do where certain requirements are present. */
export interface ReaderAbility {
  /** What can be read, in a few words. */
  readonly purpose: string;
  /** Names of the requirements without which it cannot. */
  readonly needs: readonly string[];
}

/** One diagnosis of all readers. */
export interface DiagnosisRun {
  readonly signal?: AbortSignal | undefined;
}

/** What a reader can do on this machine. */
export interface ReaderDiagnosis {
  readonly requirements: readonly Requirement[];
  readonly abilities: readonly ReaderAbility[];
}

/**
 * Opens disk images of some formats, or by some tool.
 *
 * Readers hold no open resource of their own between calls. Every method may be called concurrently
 * for different sources, throws only `VirtSimilarityError`, and never writes to an image.
 */
export interface DiskReader {
  /**
   * File name extensions of the images that this reader reads, lower case with the dot. Of a directory that the user
   * names, only files with an extension of some reader are taken.
   */
  readonly extensions?: readonly string[];

  /**
   * The formats that a user can state for an image of this reader, such as `qcow2`. Where every reader says so, a format
   * that none of them has is refused before anything is read.
   */
  readonly formats?: readonly string[];

  /**
   * Set where `identify` also takes a source that the reader does not recognise, as a raw disk: `auto` asks such readers
   * after all others.
   */
  readonly fallback?: true;

  /**
   * For a reader that leaves every image to another one: the name of that which reads an image, by the identity that
   * `identify` returned. Such a reader has no extensions, formats or diagnosis of its own, and `auto` never asks it.
   * It asks the others without `isChosen`, about one source all with the same options object, as they share what they find.
   */
  readerOf?(identity: ImageIdentity): string | undefined;

  /**
   * What the image's content depends on; `undefined` for a source that another reader is to be asked for. Cheap enough
   * for hundreds of images: reads headers only and starts no process where that can be avoided. Asked once before an
   * image is opened and once after it was read, each time with `options` of its own: what was found the first time must
   * not be taken for an answer the second time.
   *
   * @throws where policy refuses the source to every reader.
   */
  identify(source: DiskSource, options: ReadOptions): Promise<ImageIdentity | undefined>;

  /**
   * Opens the image. The caller closes it. What `identify` found need not be found again: `identity` is the very object
   * that it returned, or one of the same links without those above a `standalone` one. Other objects may come too, and
   * then the image is looked at anew, as it is where it has changed since: the opened image's identity says what is read.
   */
  open(source: DiskSource, identity: ImageIdentity, options: ReadOptions): Promise<DiskImage>;

  /**
   * Which of the files in a directory are parts of an image beside them, such as the extents that a VMDK descriptor
   * names: for each part's name the name of its image. Decides by what that image says, never by the part's own name.
   * Cheap: reads descriptors only. Does not fail on a file that cannot be read or parsed: it has no parts.
   *
   * @param directory its path, as the user wrote it
   * @param names of regular files in the directory, each with an extension of some reader
   */
  partsIn?(directory: string, names: readonly string[]): Promise<ReadonlyMap<string, string>>;

  /**
   * For readers that are costly to start: announces the images that one run is going to open, so that they can be
   * opened by as few processes as possible. The run then opens them through the session and closes it at the end.
   * Starting is put off to the session's first `open`.
   */
  startSession?(images: readonly IdentifiedSource[], options: ReadOptions): ReaderSession;

  /**
   * What the reader uses of the system, and what it can do with it: for a user who wants to know why something does not
   * work. May start programs, to ask for their versions.
   *
   * @param run the same object for all readers of one diagnosis, so that they can share what they find
   * @throws `aborted`.
   */
  diagnose?(run: DiagnosisRun): Promise<ReaderDiagnosis>;
}

/** The opening of announced images within one run. */
export interface ReaderSession {
  /** As {@link DiskReader.open}; the image is one of those announced. */
  open(source: DiskSource, identity: ImageIdentity, options: ReadOptions): Promise<DiskImage>;
  /** Ends every process of the session. Idempotent; images still open are unusable afterwards. */
  close(): Promise<void>;
}
