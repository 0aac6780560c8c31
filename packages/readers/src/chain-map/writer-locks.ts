import { readFile, statfs } from 'node:fs/promises';
import type { Layer } from '@virt-similarity/core';

/**
 * File systems of which the kernel's list of locks tells everything: on others another machine may hold a lock, or the
 * list may know the file under another number. From linux/magic.h: ext2 to ext4, XFS, btrfs, tmpfs, F2FS, overlayfs; and ZFS.
 */
const LOCAL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0xf2f52010, 0x794c7630, 0x2fc12fc1,
]);

/**
 * The bytes of a file by whose locks a qemu says that it may write or resize (100 + the permission's number), or
 * suffers no reader (200 + its number): docs/devel and block/file-posix.c of qemu.
 */
const TELLING_BYTES = [101, 102, 103, 200];

/** A line of /proc/locks ends with the file's device and inode, and the first and last byte that are locked. */
const LOCK = /:(?<inode>\d+) (?<first>\d+) (?<last>\d+|EOF)$/;

/**
 * Whether certainly no qemu has one of these files open in a way that a reader must respect. Where this cannot be told,
 * it is not certain: then qemu-img, which asks for the locks itself, knows.
 */
export async function surelyUnlocked(layers: readonly Layer[]): Promise<boolean> {
  try {
    const [list, isLocal] = await Promise.all([listOfLocks(), Promise.all(layers.map(isOnLocalFileSystem))]);
    const inodes = new Set(layers.map(({ inode }) => String(inode)));
    return isLocal.every(Boolean) && !lockedInodes(list).some((each) => inodes.has(each));
  } catch {
    return false;
  }
}

/**
 * Begins to look at the locks, for whoever is soon going to ask about some files: where nobody has for a while, the
 * kernel takes up to 20 ms until all processors agree on its list, and after that hardly any time.
 */
export function expectLockQuestions(): void {
  listOfLocks().catch(() => {});
}

let looking: Promise<string> | undefined;

function listOfLocks(): Promise<string> {
  looking ??= readFile('/proc/locks', 'latin1').finally(() => {
    looking = undefined;
  });
  return looking;
}

async function isOnLocalFileSystem({ path }: Layer): Promise<boolean> {
  return LOCAL_FILE_SYSTEMS.has((await statfs(path)).type);
}

/** The inodes, on whatever device, of which a telling byte is locked. `list` is the content of /proc/locks. */
export function lockedInodes(list: string): string[] {
  return list.split('\n').flatMap((line) => {
    const { inode, first, last } = LOCK.exec(line)?.groups ?? {};
    const isTelling = TELLING_BYTES.some((byte) => Number(first) <= byte && (last === 'EOF' || byte <= Number(last)));
    return inode !== undefined && isTelling ? [inode] : [];
  });
}
