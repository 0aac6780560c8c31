import type { Stamp } from '../contracts/disk-image.js';

/** Identifies a file among all that exist at the moment, whatever its names and content. */
export type FileNumber = Pick<Stamp, 'device' | 'inode'>;

/** The numbers by which two files differ, or two states of one file. */
export const STATE_NUMBERS = [
  'device',
  'inode',
  'size',
  'mtimeNs',
  'ctimeNs',
] as const satisfies readonly (keyof Stamp)[];

type FileState = Pick<Stamp, (typeof STATE_NUMBERS)[number]>;

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
export function stampOf(path: string, stats: FileStatus, size = stats.size): Stamp {
  const { mtimeNs, ctimeNs } = stats;
  return { kind: 'file', path, ...fileNumberOf(stats), size, mtimeNs, ctimeNs };
}

/** Whether two names lead to one file, whatever was written to it in between. */
export function sameFile(one: FileNumber, other: FileNumber): boolean {
  return one.device === other.device && one.inode === other.inode;
}

/** Whether two stamps are of one file that was not touched in between. */
export function sameState(one: FileState, other: FileState): boolean {
  return STATE_NUMBERS.every((number) => one[number] === other[number]);
}

/** A text that only the same file has, to be part of a key. */
export function fileKeyOf({ device, inode }: FileNumber): string {
  return `${device}:${inode}`;
}

/** Texts that only the same state of the same file has, to be part of a key. */
export function stateKeyOf(stamp: FileState): string[] {
  return STATE_NUMBERS.map((number) => String(stamp[number]));
}
