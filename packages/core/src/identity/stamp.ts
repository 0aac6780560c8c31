import type { FileStamp, Stamp } from '../contracts/disk-image.js';

/** The numbers that identify a file among all files of this machine, regardless of its names and content. */
export type FileNumber = Pick<FileStamp, 'device' | 'inode'>;

/** The members of a stamp that distinguish files and their states. */
export const STATE_NUMBERS = [
  'device',
  'inode',
  'size',
  'mtimeNs',
  'ctimeNs',
] as const satisfies readonly (keyof FileStamp)[];

/** The result of stat(2), as in `BigIntStats` of Node.js: size in bytes, times in nanoseconds. */
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

/**
 * Creates the stamp of a file.
 *
 * @param size bytes; to be passed if the status does not contain the size, as for a block device
 */
export function stampOf(path: string, stats: FileStatus, size = stats.size): FileStamp {
  const { mtimeNs, ctimeNs } = stats;
  return { kind: 'file', path, ...fileNumberOf(stats), size, mtimeNs, ctimeNs };
}

/** Returns whether both values identify the same file, regardless of changes to its content. */
export function sameFile(one: FileNumber, other: FileNumber): boolean {
  return one.device === other.device && one.inode === other.inode;
}

/** Returns whether two stamps are of the same file or object in the same state. Paths of files are not compared. */
export function sameState(one: Stamp, other: Stamp): boolean {
  if (one.kind === 'file' && other.kind === 'file') {
    return STATE_NUMBERS.every((number) => one[number] === other[number]);
  }
  return one.kind === 'object' && other.kind === 'object' && one.path === other.path && one.version === other.version;
}

/** Returns a string that identifies a file, for use in a key. */
export function fileKeyOf({ device, inode }: FileNumber): string {
  return `${device}:${inode}`;
}

/** Returns strings that identify a file or object in a certain state, for use in a key. */
export function stateKeyOf(stamp: Stamp): string[] {
  return stamp.kind === 'file'
    ? STATE_NUMBERS.map((number) => String(stamp[number]))
    : [stamp.kind, stamp.path, stamp.version];
}
