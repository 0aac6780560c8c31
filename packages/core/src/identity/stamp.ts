import type { FileStamp, Stamp } from '../contracts/disk-image.js';

/** Identifies a file among all that exist at the moment, whatever its names and content. */
export type FileNumber = Pick<FileStamp, 'device' | 'inode'>;

/** The numbers by which two files differ, or two states of one file. */
export const STATE_NUMBERS = [
  'device',
  'inode',
  'size',
  'mtimeNs',
  'ctimeNs',
] as const satisfies readonly (keyof FileStamp)[];

/** What stat(2) says of a file, as the `BigIntStats` of Node.js have it: size in bytes, times in nanoseconds. */
export interface FileStatus {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

export function fileNumberOf({ dev, ino }: Pick<FileStatus, 'dev' | 'ino'>): FileNumber {
  return { device: dev, inode: ino };
}

/** @param size bytes, where the system does not know them, as for a block device */
export function stampOf(path: string, stats: FileStatus, size = stats.size): FileStamp {
  const { mtimeNs, ctimeNs } = stats;
  return { kind: 'file', path, ...fileNumberOf(stats), size, mtimeNs, ctimeNs };
}

/** Whether two names lead to one file, whatever was written to it in between. */
export function sameFile(one: FileNumber, other: FileNumber): boolean {
  return one.device === other.device && one.inode === other.inode;
}

/** Whether two stamps are of one file, or object, that did not change in between. */
export function sameState(one: Stamp, other: Stamp): boolean {
  if (one.kind === 'file' && other.kind === 'file') {
    return STATE_NUMBERS.every((number) => one[number] === other[number]);
  }
  return one.kind === 'object' && other.kind === 'object' && one.path === other.path && one.version === other.version;
}

/** A text that only the same file has, to be part of a key. */
export function fileKeyOf({ device, inode }: FileNumber): string {
  return `${device}:${inode}`;
}

/** Texts that only the same state of the same file or object has, to be part of a key. */
export function stateKeyOf(stamp: Stamp): string[] {
  return stamp.kind === 'file'
    ? STATE_NUMBERS.map((number) => String(stamp[number]))
    : [stamp.kind, stamp.path, stamp.version];
}
