import { statfs } from 'node:fs/promises';
import { systemPath } from './path-text.js';

/**
 * File systems that are usually on local devices: a call returns as soon as the device responds, and no other machine
 * has a file open.
 * The numbers of ext2 to ext4, XFS, btrfs, tmpfs, F2FS and overlayfs are from linux/magic.h; the last number is that of
 * ZFS.
 */
const LOCAL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0xf2f52010, 0x794c7630, 0x2fc12fc1,
]);

const directories = new Map<string, Promise<boolean>>();

/**
 * Returns whether a file or directory is on a local file system. The main thread makes blocking calls for images and
 * hash vectors only on local file systems: a call on any other file system may never return, and the main thread could
 * handle no signals meanwhile.
 *
 * @throws whatever the system throws.
 */
export async function isOnLocalFileSystem(path: string): Promise<boolean> {
  return LOCAL_FILE_SYSTEMS.has((await statfs(systemPath(path))).type);
}

/**
 * Like `isOnLocalFileSystem`, for a directory. Each path is checked once in each thread. Returns false if the check
 * fails.
 */
export function isLocalDirectory(path: string): Promise<boolean> {
  let isLocal = directories.get(path);
  if (isLocal === undefined) {
    isLocal = isOnLocalFileSystem(path).catch(() => false);
    directories.set(path, isLocal);
  }
  return isLocal;
}
