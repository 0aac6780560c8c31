import { open, readFile, statfs } from 'node:fs/promises';
import { type FileStamp, fileKeyOf, systemPath } from '@virt-similarity/core';
import { throwIfAborted } from '@virt-similarity/core/errors';
import { runTool, type Tool } from '@virt-similarity/image-tools';
import { STATUS_BLOCK } from '../allocated-bytes.js';

/** A range of a file system's storage that a file occupies, in bytes. */
export interface StoredRange {
  readonly start: number;
  readonly end: number;
  /** Whether another file, or another range of this file, occupies it too. */
  readonly isShared: boolean | undefined;
}

/** Where a file is stored. */
export interface StoredFile {
  /** Ranges of different files can overlap only if their volumes are equal. */
  readonly volume: string;
  readonly ranges: readonly StoredRange[];
  /** The number of names of the file (hard links). */
  readonly names: number;
}

/** What is known of a file's storage, and what a user should know about it. */
export interface StorageFound {
  readonly stored?: StoredFile;
  readonly problem?: string;
}

const FILEFRAG: Tool = { command: 'filefrag', package: 'e2fsprogs' };
const FILEFRAG_TIMEOUT_MS = 60_000;

/**
 * The file systems on which files cannot share storage: ext2 to ext4, tmpfs, F2FS, FAT and exFAT, by their numbers in
 * linux/magic.h.
 */
const WITHOUT_SHARING: ReadonlySet<number> = new Set([0xef53, 0x01021994, 0xf2f52010, 0x4d44, 0x2011bab0]);

/** An extent in the output of `filefrag -v`: physical start and length in blocks, and flags. */
const EXTENT =
  /^[ \t]*\d+:[ \t]*\d+\.\.[ \t]*\d+:[ \t]*(\d{1,15})\.\.[ \t]*\d+:[ \t]*(\d{1,15}):(?:[ \t]*\d+:)?[ \t]*([\w,]*)[ \t]*$/gm;
const BLOCK_SIZE = /\(\d+ blocks? of (\d{1,9}) bytes\)/;
const EXTENT_COUNT = /: (\d+) extents? found[ \t]*$/m;
/** Flags of extents whose place or stored length is unknown. */
const WITHOUT_PLACE = /unknown|delalloc|inline/;
const COMPRESSED = /encoded/;

/**
 * Finds where a file is stored. If it is not known what a file shares, its only range is as long as what it occupies,
 * and is on a volume of the file's own; `problem` then says why.
 *
 * @throws `aborted` if the signal fires.
 */
export async function storageOf(stamp: FileStamp, signal: AbortSignal): Promise<StorageFound> {
  const path = systemPath(stamp.path);
  let file: Awaited<ReturnType<typeof open>> | undefined;
  try {
    file = await open(path);
    const status = await file.stat({ bigint: true });
    const isSame =
      status.dev === stamp.device &&
      status.ino === stamp.inode &&
      status.size === stamp.size &&
      status.mtimeNs === stamp.mtimeNs;
    if (!isSame) {
      return { problem: 'it was replaced or changed after it was hashed' };
    }
    if (!status.isFile()) {
      return { problem: 'it is not a regular file' };
    }
    const alone = (isShared: boolean | undefined): StoredFile => ({
      volume: `file ${fileKeyOf(stamp)}`,
      ranges: [{ start: 0, end: Number(status.blocks) * STATUS_BLOCK, isShared }],
      names: Number(status.nlink),
    });
    if (WITHOUT_SHARING.has((await statfs(path)).type)) {
      return { stored: alone(false) };
    }
    // Named by its descriptor: a name with line breaks could pretend to be output.
    const words = ['-s', '-v', `/proc/${process.pid}/fd/${file.fd}`];
    const options = { component: 'stats', signal, timeoutMs: FILEFRAG_TIMEOUT_MS };
    const ranges = rangesIn(await runTool(FILEFRAG, words, options).catch(() => ''));
    throwIfAborted(signal);
    if (ranges === 'compressed') {
      return { problem: 'the file system compresses it' };
    }
    if (ranges === undefined) {
      return {
        stored: alone(undefined),
        problem: 'filefrag (e2fsprogs) does not show what it shares with other files',
      };
    }
    return { stored: { volume: await volumeOf(stamp), ranges, names: Number(status.nlink) } };
  } catch (thrown) {
    throwIfAborted(signal);
    return { problem: `its status cannot be read (${(thrown as NodeJS.ErrnoException).code ?? thrown})` };
  } finally {
    await file?.close();
  }
}

/** Returns the ranges in the output of filefrag; `undefined` if it does not contain all of them with their places. */
function rangesIn(output: string): StoredRange[] | 'compressed' | undefined {
  const size = Number(BLOCK_SIZE.exec(output)?.[1]);
  const extents = [...output.matchAll(EXTENT)];
  if (!(size > 0) || extents.length !== Number(EXTENT_COUNT.exec(output)?.[1])) {
    return undefined;
  }
  if (extents.some(([, , , flags]) => COMPRESSED.test(flags!))) {
    return 'compressed';
  }
  if (extents.some(([, , , flags]) => WITHOUT_PLACE.test(flags!))) {
    return undefined;
  }
  return extents.map(([, start, length, flags]) => ({
    start: Number(start) * size,
    end: (Number(start) + Number(length)) * size,
    isShared: /\bshared\b/.test(flags!),
  }));
}

/**
 * Returns a name of the file system of a file: the source of its mount. The device number does not identify it, because
 * each subvolume of btrfs has its own.
 */
async function volumeOf({ path, device }: FileStamp): Promise<string> {
  let found = { length: -1, source: `device ${device}` };
  for (const line of (await readFile('/proc/self/mountinfo', 'utf8')).split('\n')) {
    // proc_pid_mountinfo(5): the fifth field is the mount point; after a hyphen follow the type and the source.
    const [, point = '', type, source] = /^(?:\S+ ){4}(\S+) .* - (\S+) (\S+) \S+$/.exec(line) ?? [];
    const directory = point.replaceAll(/\\(\d{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    const isAbove = path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
    if (point !== '' && isAbove && directory.length >= found.length) {
      found = { length: directory.length, source: `${type} ${source}` };
    }
  }
  return found.source;
}
