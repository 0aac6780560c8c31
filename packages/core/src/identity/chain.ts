import type { Encryption, FileStamp, ImageIdentity, Link, Stamp } from '../contracts/disk-image.js';
import type { IdentifiedSource } from '../contracts/disk-reader.js';
import { type FileStatus, sameFile, sameState, stampOf } from './stamp.js';

/** The separator between the formats of a chain in one string. */
export const FORMAT_SEPARATOR = '<';

/** Returns every part of a chain: the parts of the top link, then those of the next link, and so on. */
export function partsOf({ chain }: ImageIdentity): Stamp[] {
  return chain.flatMap(({ parts }) => parts);
}

/** Returns the files of a chain, in the order of {@link partsOf}, without objects. */
export function fileStampsOf(identity: ImageIdentity): FileStamp[] {
  return filesAmong(partsOf(identity));
}

function filesAmong(parts: readonly Stamp[]): FileStamp[] {
  return parts.filter((part) => part.kind === 'file');
}

/**
 * Returns the formats of a chain as one string, top first, such as `qcow2<raw`. The format of an encrypted disk is
 * followed by a colon and how the disk is read, as in `luks:decrypted`.
 */
export function formatsOf({ chain }: ImageIdentity): string {
  return chain
    .map(({ format, encryption }) => (encryption === undefined ? format : `${format}:${encryption}`))
    .join(FORMAT_SEPARATOR);
}

/**
 * Returns how the encrypted disks of an image's chain are read: `ciphertext` if any part of them is read as ciphertext,
 * otherwise `decrypted`; `undefined` if no disk of the chain is encrypted.
 */
export function encryptionOf({ chain }: ImageIdentity): Encryption | undefined {
  if (chain.some(isCiphertext)) {
    return 'ciphertext';
  }
  return isDecrypted({ chain }) ? 'decrypted' : undefined;
}

/** Returns whether any part of a link's disk is read as ciphertext: a key may have decrypted only some partitions. */
export function isCiphertext({ encryption, ciphertext = [] }: Link): boolean {
  return encryption === 'ciphertext' || ciphertext.length > 0;
}

/** Returns whether the disk of any link of an image's chain is decrypted, at least in part. */
export function isDecrypted({ chain }: ImageIdentity): boolean {
  return chain.some(({ encryption }) => encryption === 'decrypted');
}

/**
 * Returns whether the content of an image can change without a change of its stamps: whether any link of its chain is
 * volatile.
 */
export function isVolatile({ chain }: ImageIdentity): boolean {
  return chain.some(({ volatile }) => volatile === true);
}

/**
 * Returns whether two identities mean the same content: their links have the same formats and the same files or objects
 * in the same state, and the same links are decrypted.
 */
export function sameIdentity({ chain }: ImageIdentity, { chain: others }: ImageIdentity): boolean {
  return chain.length === others.length && chain.every((link, index) => sameLink(link, others[index]!));
}

function sameLink({ format, encryption, parts }: Link, other: Link): boolean {
  return (
    format === other.format &&
    (encryption === 'decrypted') === (other.encryption === 'decrypted') &&
    parts.length === other.parts.length &&
    parts.every((part, index) => sameState(part, other.parts[index]!))
  );
}

/**
 * Returns the backing image of an image as a source that a reader can open. Returns `undefined` if there is no backing
 * image, if it is not `standalone`, or if it has no parts.
 */
export function baseOf({ chain: [, ...chain] }: ImageIdentity): IdentifiedSource | undefined {
  const [link] = chain;
  const [part] = link?.parts ?? [];
  return link?.standalone === undefined || part === undefined
    ? undefined
    : { source: { path: part.path, format: link.format }, identity: { chain } };
}

/** A file to open, and its expected state. */
export interface ExpectedFile {
  readonly stamp: FileStamp;
  /** Set if a changed state of the same file is accepted. */
  readonly volatile?: true | undefined;
}

/** Returns the files of a chain with their expected states, in the order of {@link fileStampsOf}. */
export function expectedFiles({ chain }: ImageIdentity): ExpectedFile[] {
  return chain.flatMap(({ parts, volatile }) =>
    filesAmong(parts).map((stamp) => ({ stamp, ...(volatile && { volatile }) })),
  );
}

/**
 * Returns whether a file with this status is the expected file, and in the expected state unless `volatile` is set.
 */
export function isExpected({ stamp, volatile }: ExpectedFile, stats: FileStatus): boolean {
  return (volatile ? sameFile : sameState)(stampOf(stamp.path, stats), stamp);
}
