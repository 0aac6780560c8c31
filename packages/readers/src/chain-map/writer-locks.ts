import { readFile } from 'node:fs/promises';
import { type FileStamp, isOnLocalFileSystem } from '@virt-similarity/core';
import { deviceNumber } from '../inspection/device-number.js';
import { coalesce } from './coalesce.js';

/**
 * The bytes of a file that a qemu process locks if it can write or does not let others read. qemu numbers permissions:
 * 0 is to read, 1 and 2 are to write, 3 is to resize. A process locks byte 100 + n if it has permission n, and byte 200
 * + n if it denies permission n to others. Source: docs/devel and block/file-posix.c of qemu.
 */
const WRITER_LOCK_BYTES = [101, 102, 103, 200];

/** A line of /proc/locks: kind, device and inode of the file, first and last locked byte. */
const LOCK =
  /: (?:-> )?(?<kind>\w+) .* (?<major>[0-9a-f]+):(?<minor>[0-9a-f]+):(?<inode>\d+) (?<first>\d+) (?<last>\d+|EOF)$/;
/** The kinds of locks that qemu uses. Locks of other kinds do not refer to single bytes. */
const LOCK_KINDS = ['OFDLCK', 'POSIX'];

/**
 * Whether a process has a file open for writing, or excludes readers; `unknown` if the kernel's list of locks cannot
 * answer that.
 */
export type Writers = 'none' | 'some' | 'unknown';

/**
 * Returns whether a process that locks files as qemu does has this file open for writing, or excludes readers, at a
 * moment after the call. Returns `unknown` if the locks cannot be read, if no lock is found but the file is not on a
 * local file system, or if all locks that are found for the inode number are for another device or of another kind.
 * Never rejects.
 */
export async function writersOf(file: FileStamp): Promise<Writers> {
  try {
    // On a file system that is not local, another machine can hold a lock, and the list can show another device number.
    const [allLocks, isLocal] = await Promise.all([readLocks(), isOnLocalFileSystem(file.path)]);
    const { major, minor } = deviceNumber(file.device);
    const locks = allLocks.filter(({ inode }) => inode === String(file.inode));
    if (locks.some((lock) => LOCK_KINDS.includes(lock.kind) && lock.device === `${major}:${minor}`)) {
      return 'some';
    }
    return isLocal && locks.length === 0 ? 'none' : 'unknown';
  } catch {
    return 'unknown';
  }
}

/**
 * Reads the locks ahead of calls of `writersOf`, which then read them again. If no process has read them for a while,
 * the kernel takes up to 20 ms until all processors agree on the list; the next read takes hardly any time. Does not
 * wait, and ignores errors.
 */
export function warmUpLocks(): void {
  readLocks().catch(() => {});
}

const readLocks = coalesce(async () => writerLocks(await readFile('/proc/locks', 'latin1')));

/** A lock on one of {@link WRITER_LOCK_BYTES}, by any program. */
interface WriterLock {
  readonly kind: string;
  /** Major and minor number, decimal. */
  readonly device: string;
  readonly inode: string;
}

/** Returns the locks on {@link WRITER_LOCK_BYTES}. `list` is the content of /proc/locks. */
export function writerLocks(list: string): WriterLock[] {
  return list.split('\n').flatMap((line) => {
    const lock = LOCK.exec(line)?.groups;
    if (lock === undefined) {
      return [];
    }
    const { kind, major, minor, inode, first, last } = lock as Record<string, string>;
    const isWriter = WRITER_LOCK_BYTES.some(
      (byte) => Number(first) <= byte && (last === 'EOF' || byte <= Number(last)),
    );
    return isWriter ? [{ kind: kind!, device: `${parseInt(major!, 16)}:${parseInt(minor!, 16)}`, inode: inode! }] : [];
  });
}
