import { readFile } from 'node:fs/promises';
import { isOnLocalFileSystem, type Stamp } from '@virt-similarity/core';
import { deviceNumber } from '../inspection/device-number.js';
import { coalesce } from './coalesce.js';

/**
 * The bytes of a file by whose locks a qemu says that it may write or resize (100 + the permission's number), or
 * suffers no reader (200 + its number): docs/devel and block/file-posix.c of qemu.
 */
const TELLING_BYTES = [101, 102, 103, 200];

/** A line of /proc/locks: its kind, the file's device and inode, and the first and last byte that are locked. */
const LOCK =
  /: (?:-> )?(?<kind>\w+) .* (?<major>[0-9a-f]+):(?<minor>[0-9a-f]+):(?<inode>\d+) (?<first>\d+) (?<last>\d+|EOF)$/;
/** Kinds of locks that qemu takes. Others do not speak of single bytes. */
const KINDS = ['OFDLCK', 'POSIX'];

/** Whether a file is open for writing; `unknown` where the kernel's list of locks cannot tell. */
export type Writers = 'none' | 'some' | 'unknown';

/** Whether some qemu now, not before this is called, has this file open in a way that a reader must respect. */
export async function writersOf(file: Stamp): Promise<Writers> {
  try {
    // On another file system another machine may hold a lock, or the list may know the file under another number.
    const [allLocks, isLocal] = await Promise.all([lookAtLocks(), isOnLocalFileSystem(file.path)]);
    const { major, minor } = deviceNumber(file.device);
    const locks = allLocks.filter(({ inode }) => inode === String(file.inode));
    if (locks.some((lock) => KINDS.includes(lock.kind) && lock.device === `${major}:${minor}`)) {
      return 'some';
    }
    return isLocal && locks.length === 0 ? 'none' : 'unknown';
  } catch {
    return 'unknown';
  }
}

/**
 * Looks at the locks, for whoever is soon going to ask about some files, and looks again then: where nobody has for a
 * while, the kernel takes up to 20 ms until all processors agree on its list, and after that hardly any time.
 */
export function expectLockQuestions(): void {
  lookAtLocks().catch(() => {});
}

const lookAtLocks = coalesce(async () => tellingLocks(await readFile('/proc/locks', 'latin1')));

/** A lock on a telling byte, whoever holds it. */
interface TellingLock {
  readonly kind: string;
  /** Major and minor number, decimal. */
  readonly device: string;
  readonly inode: string;
}

/** The locks on telling bytes. `list` is the content of /proc/locks. */
export function tellingLocks(list: string): TellingLock[] {
  return list.split('\n').flatMap((line) => {
    const lock = LOCK.exec(line)?.groups;
    if (lock === undefined) {
      return [];
    }
    const { kind, major, minor, inode, first, last } = lock as Record<string, string>;
    const isTelling = TELLING_BYTES.some((byte) => Number(first) <= byte && (last === 'EOF' || byte <= Number(last)));
    return isTelling ? [{ kind: kind!, device: `${parseInt(major!, 16)}:${parseInt(minor!, 16)}`, inode: inode! }] : [];
  });
}
