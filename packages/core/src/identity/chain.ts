import type { FileStamp, ImageIdentity, Stamp } from '../contracts/disk-image.js';
import type { IdentifiedSource } from '../contracts/disk-reader.js';
import { type FileStatus, sameFile, sameState, stampOf } from './stamp.js';

/** Between the formats of a chain where they are one text. */
export const FORMAT_SEPARATOR = '<';

/** Every part that content comes from: the parts of the top link, then those of the next one, and so on. */
export function partsOf({ chain }: ImageIdentity): Stamp[] {
  return chain.flatMap(({ parts }) => parts);
}

/** The parts of a chain that are files, in the same order. */
export function fileStampsOf(identity: ImageIdentity): FileStamp[] {
  return filesAmong(partsOf(identity));
}

function filesAmong(parts: readonly Stamp[]): FileStamp[] {
  return parts.filter((part) => part.kind === 'file');
}

/** The formats of a chain as one text, top first, such as `qcow2<raw`. */
export function formatsOf({ chain }: ImageIdentity): string {
  return chain.map(({ format }) => format).join(FORMAT_SEPARATOR);
}

/** Whether the content of an image can change without a trace in its stamps. */
export function isVolatile({ chain }: ImageIdentity): boolean {
  return chain.some(({ volatile }) => volatile === true);
}

/** Whether an image was seen with the same content twice: the same files, untouched in between, in the same formats. */
export function sameIdentity(one: ImageIdentity, other: ImageIdentity): boolean {
  const [parts, others] = [partsOf(one), partsOf(other)];
  return (
    formatsOf(one) === formatsOf(other) &&
    parts.length === others.length &&
    parts.every((part, index) => sameState(part, others[index]!))
  );
}

/**
 * The image directly beneath the top link, as its reader opens it by itself; nothing where there is none, or the reader
 * cannot.
 */
export function baseOf({ chain: [, ...chain] }: ImageIdentity): IdentifiedSource | undefined {
  const [link] = chain;
  const [part] = link?.parts ?? [];
  return link?.standalone === undefined || part === undefined
    ? undefined
    : { source: { path: part.path, format: link.format }, identity: { chain } };
}

/** A file that is going to be opened, and what it must be. */
export interface ExpectedFile {
  readonly stamp: FileStamp;
  /** Set where only another file in its place counts as a change. */
  readonly volatile?: true;
}

/** The files of a chain in the order of {@link fileStampsOf}, to be opened. */
export function expectedFiles({ chain }: ImageIdentity): ExpectedFile[] {
  return chain.flatMap(({ parts, volatile }) =>
    filesAmong(parts).map((stamp) => ({ stamp, ...(volatile && { volatile }) })),
  );
}

/** Whether a file is the expected one, in the state that was seen unless that may change. */
export function isExpected({ stamp, volatile }: ExpectedFile, stats: FileStatus): boolean {
  return (volatile ? sameFile : sameState)(stampOf(stamp.path, stats), stamp);
}
