import {
  type DiskSource,
  type FileStamp,
  type Passphrase,
  type ReadOptions,
  type Wording,
  wording,
} from '@virt-similarity/core';
import type { InspectedImage } from '@virt-similarity/image-tools';
import { openArchivedFile } from './archive.js';
import { decideFormat, type FormatDecision, type FormatEvidence, recognize } from './decide-format.js';
import { encryptionRead, hasKeyFor, type LockedVolume, passphrasesFor, volumesToUnlock } from './disk-encryption.js';
import { encryptedVolumes } from './encrypted-volumes.js';
import type { FileBytes, FormatHeader } from './format-inspector.js';
import { type ArchivedFile, remedy, renaming, unpacking } from './format-remedy.js';
import { FORMATS } from './formats.js';
import { HeaderError, inContext, RawRemedyError, refused } from './header-error.js';
import { inspectExtents, shownName } from './inspect-extents.js';
import { flushIfRequested, type LayerFile, openNamedFile, type PlaceInArchive } from './layer-file.js';
import { openNeighbour } from './neighbour-file.js';
import { isTextFile } from './plain-text.js';
import { openReferencedFile, type ReferencedFile } from './referenced-file.js';
import { partsAfter, SPLIT } from './split-disk.js';

const HEAD_BYTES = 4096;
const TAIL_BYTES = 512;

/** An image to inspect. The user or a header names it. */
export type ImageToInspect = NamedImage | ReferencedImage;

interface NamedImage extends Pick<DiskSource, 'path' | 'noFollow'> {
  readonly statedBy: 'user';
  /** Set if it is a file in an archive. */
  readonly archived?: ArchivedFile;
  readonly stated: string | undefined;
  /** The name of the image as the user wrote it. */
  readonly reference: string;
}

interface ReferencedImage {
  readonly statedBy: 'overlay' | 'vmdk-child';
  readonly stated: string | undefined;
  /** The name of the image, exactly as in the header that names it. */
  readonly reference: string;
  /** Path of the file with that header. */
  readonly headerPath: string;
}

/** One image without its backing image. */
export interface InspectedFile {
  readonly image: Omit<InspectedImage, 'backing'>;
  readonly header: FormatHeader;
  /**
   * The path of the file. Names in the header are relative to its directory. A symbolic link to the file is not
   * resolved.
   */
  readonly path: string;
  /** The passphrases to try if the image is to be decrypted. The image's `passphrase` is not set yet. */
  readonly passphrases: readonly Passphrase[];
  /** The volumes to unlock. The image's `volumes` are not set yet. */
  readonly locked: readonly LockedVolume[];
  /** Notes for the user about how the file was treated. */
  readonly notes: readonly string[];
}

/**
 * Inspects one image of a chain and its extent files, by their headers and, for some formats, their tables. Flushes the
 * files first if `options.flush` is set. Keeps no file open.
 *
 * @throws `HeaderError` if the image or a file that belongs to it cannot be opened, is damaged, or is refused.
 */
export async function inspectFile(image: ImageToInspect, options: ReadOptions): Promise<InspectedFile> {
  const { path, ...file } = await openFile(image, options);
  try {
    await flushIfRequested(file, options);
    const evidence = await gatherEvidence(file, path, image, options);
    const decision = decideFormat(evidence);
    const header = await readHeader(decision, file.bytes, evidence);
    if (file.archived === undefined) {
      await checkNeighbour(header.neighbour, file.stamp);
    } else {
      requireOneFile(header, file.archived, evidence);
    }
    const { driverOptions, descriptor } = header;
    const extentFiles = await inspectExtents(header.extents ?? [], path, options);
    const virtualSize = header.virtualSize + (decision.format === SPLIT ? totalSize(extentFiles) : 0);
    requireNoText(decision, evidence, virtualSize);
    const passphrases = passphrasesFor(header, evidence, options);
    const encrypted = decision.format === 'raw' ? await encryptedVolumes(file.bytes) : [];
    const locked = await volumesToUnlock(encrypted, evidence, file.bytes, options);
    const opaque = encrypted.filter((volume) => locked.every((each) => each.volume.start !== volume.start));
    const encryption = encryptionRead(header, [...passphrases, ...locked], opaque, evidence);
    return {
      image: {
        format: decision.format,
        file: file.stamp,
        isDevice: file.isDevice,
        ...(file.archived && { range: file.archived.range }),
        extentFiles,
        virtualSize,
        ...(driverOptions && { driverOptions }),
        ...(descriptor && { descriptor }),
        ...encryption,
      },
      header: { ...header, virtualSize },
      path,
      passphrases,
      locked,
      notes: notesOn(decision),
    };
  } finally {
    await file.close();
  }
}

async function openFile(image: ImageToInspect, options: ReadOptions): Promise<ReferencedFile> {
  if (image.statedBy === 'user') {
    const { archived } = image;
    const file = archived === undefined ? openNamedFile(image) : openArchivedFile(archived, image);
    return { ...(await file), path: image.path };
  }
  try {
    return await openReferencedFile(image.reference, image.headerPath, options);
  } catch (error) {
    throw isMissing(error as HeaderError) ? missing(image, error as HeaderError) : error;
  }
}

function isMissing({ cause }: HeaderError): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException | undefined)?.code ?? '');
}

/** Creates the error for a file that does not exist. The header may name a file on another machine. */
function missing(image: ReferencedImage, { code, cause }: HeaderError): HeaderError {
  return new HeaderError(code, `there is no such file; copy it there, or ${renaming(image)}`, { cause });
}

function notesOn({ format, mustBeSelfContained }: FormatDecision): string[] {
  return mustBeSelfContained ? [`treated as ${format}, because its header says so`] : [];
}

async function gatherEvidence(
  { bytes, isDevice }: LayerFile,
  path: string,
  image: ImageToInspect,
  { keys }: ReadOptions,
): Promise<FormatEvidence> {
  const { stated, statedBy, reference } = image;
  const head = await bytes.read(0, HEAD_BYTES);
  const tail = await bytes.read(Math.max(0, bytes.size - TAIL_BYTES), TAIL_BYTES);
  return {
    path,
    size: bytes.size,
    isDevice,
    ends: { head, tail },
    ...(hasKeyFor(head, keys) && { hasKey: true }),
    stated,
    statedBy,
    reference,
    ...(image.statedBy === 'user' ? image.archived && { archived: image.archived } : { headerPath: image.headerPath }),
  };
}

async function readHeader(
  { format, mustBeSelfContained }: FormatDecision,
  bytes: FileBytes,
  evidence: FormatEvidence,
): Promise<FormatHeader> {
  if (format === SPLIT) {
    const extents = await partsAfter(evidence, bytes, requireNoFooter);
    return { virtualSize: bytes.size, extents };
  }
  const inspector = FORMATS.find((each) => each.format === format);
  if (inspector === undefined) {
    return { virtualSize: bytes.size };
  }
  const read = () => withRawAsRemedy(evidence, () => inspector.readHeader(bytes));
  if (!mustBeSelfContained) {
    return read();
  }
  const describe = (message: Wording, code: HeaderError['code']) => {
    // If the header seems to be damaged, the file can also be of another format. Every other message ends with its
    // remedy.
    const more = code === 'corrupt' ? wording`; ${remedy(evidence, format, 'raw')}` : '';
    return wording`only its header identifies it as ${format}, not its name, and ${message}${more}`;
  };
  return inContext(describe, async () => requireSelfContained(await read(), evidence, format));
}

/** Unless its format is stated, a file that is read as a raw disk must not be a text file, whatever its name. */
function requireNoText({ format }: FormatDecision, evidence: FormatEvidence, size: number): void {
  const { stated, isDevice, ends } = evidence;
  const isGuess = stated === undefined && !isDevice && (format === 'raw' || format === SPLIT);
  if (isGuess && isTextFile(ends.head, size)) {
    throw refused(wording`it holds text, not a disk image; ${remedy(evidence, format)} if it is one`);
  }
}

async function withRawAsRemedy<T>(evidence: FormatEvidence, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof RawRemedyError) {
      throw refused(wording`${error.wording}, or ${remedy(evidence, 'raw')} to compare its bytes as they are`);
    }
    throw error;
  }
}

function requireSelfContained(header: FormatHeader, evidence: FormatEvidence, format: string): FormatHeader {
  const other = header.backing ?? header.extents?.[0];
  if (other !== undefined) {
    throw refused(
      wording`it points to another file, ${JSON.stringify(other.name)}; ${remedy(evidence, format, 'raw')}`,
    );
  }
  return header;
}

/** An image in an archive must not need other files. */
function requireOneFile(
  { backing, extents = [], neighbour }: FormatHeader,
  { names }: PlaceInArchive,
  { archived }: FormatEvidence,
): void {
  const beside = neighbour !== undefined && names.includes(neighbour.name) ? neighbour : undefined;
  const other = backing ?? extents[0] ?? beside;
  if (other !== undefined) {
    throw refused(
      `it belongs together with another file, ${shownName(other.name)}; unpack the archive with ${unpacking(archived!)}, and name the image there`,
    );
  }
}

async function checkNeighbour(neighbour: FormatHeader['neighbour'], { path }: FileStamp): Promise<void> {
  if (neighbour === undefined) {
    return;
  }
  const describe = (message: Wording) => wording`its ${neighbour.name} cannot be used: ${message}`;
  const file = await inContext(describe, () => openNeighbour(path, neighbour.name));
  try {
    await (file && neighbour.check(file.bytes));
  } finally {
    await file?.close();
  }
}

/** Requires that a split disk does not end like an image of another format. */
function requireNoFooter(tail: Buffer): void {
  const found = recognize({ head: Buffer.alloc(0), tail });
  if (found !== undefined) {
    throw refused(`it ends like a ${found.format} image; join the parts with cat first`);
  }
}

function totalSize(files: readonly FileStamp[]): number {
  return files.reduce((bytes, { size }) => bytes + Number(size), 0);
}
