import { open, stat, statfs } from 'node:fs/promises';
import { type FileStamp, fileKeyOf, systemPath } from '@virt-similarity/core';
import type { VirtSimilarityError } from '@virt-similarity/core/errors';
import { runTool, type Tool, ToolFailure } from '@virt-similarity/image-tools';

/** A range of a file system's storage that a file occupies, in bytes. */
export interface StoredRange {
  readonly start: number;
  readonly end: number;
  /** Whether other files may occupy it too. */
  readonly isShared: boolean;
}

/** Where a file is stored. */
export interface StoredFile {
  /** Ranges of different files can overlap only if their volumes are equal. */
  readonly volume: string;
  readonly ranges: readonly StoredRange[];
}

const FILEFRAG: Tool = { command: 'filefrag', package: 'e2fsprogs' };

/** The file systems on which files can share storage: btrfs, XFS and bcachefs, by their numbers in linux/magic.h. */
const SHARING_FILE_SYSTEMS: ReadonlySet<number> = new Set([0x9123683e, 0x58465342, 0xca451a4e]);

/** The unit of `st_blocks` in bytes, the same on every file system. */
const STATUS_BLOCK = 512;

/** An extent in the output of `filefrag -v`: physical start and length in blocks, and flags. */
const EXTENT = /^\s*\d+:\s*\d+\.\.\s*\d+:\s*(\d+)\.\.\s*\d+:\s*(\d+):\s*(?:\d+:)?\s*([a-z_,]*)\s*$/gm;
const BLOCK_SIZE = /\(\d+ blocks? of (\d+) bytes\)/;
/** Flags of extents without a place in the storage yet, or whose place is unknown. */
const WITHOUT_PLACE = /unknown|delalloc|inline/;

/**
 * Finds where a file is stored. On file systems that cannot share storage among files, and where filefrag is missing,
 * the ranges only have the right length, on a volume of the file's own.
 *
 * Returns `undefined` if the path no longer leads to the file.
 *
 * @throws `aborted` if the signal fires.
 */
export async function storedFile(stamp: FileStamp, signal: AbortSignal): Promise<StoredFile | undefined> {
  const path = systemPath(stamp.path);
  const status = await stat(path, { bigint: true }).catch(() => undefined);
  if (status === undefined || status.dev !== stamp.device || status.ino !== stamp.inode) {
    return undefined;
  }
  const alone = {
    volume: `file ${fileKeyOf(stamp)}`,
    ranges: [{ start: 0, end: Number(status.blocks) * STATUS_BLOCK, isShared: false }],
  };
  if (!SHARING_FILE_SYSTEMS.has((await statfs(path)).type)) {
    return alone;
  }
  const ranges = await rangesOf(path, signal);
  return ranges === undefined ? alone : { volume: `device ${stamp.device}`, ranges };
}

/** Returns the ranges that filefrag prints; `undefined` if it cannot tell them. */
async function rangesOf(path: string | Buffer, signal: AbortSignal): Promise<StoredRange[] | undefined> {
  const file = await open(path);
  try {
    // Named by its descriptor: a name with line breaks could pretend to be output.
    const output = await runTool(FILEFRAG, ['-v', `/proc/${process.pid}/fd/${file.fd}`], {
      component: 'stats',
      signal,
      timeoutMs: 60_000,
    });
    const size = Number(BLOCK_SIZE.exec(output)?.[1]);
    const extents = [...output.matchAll(EXTENT)];
    if (!(size > 0) || extents.some(([, , , flags]) => WITHOUT_PLACE.test(flags!))) {
      return undefined;
    }
    return extents.map(([, start, length, flags]) => ({
      start: Number(start) * size,
      end: (Number(start) + Number(length)) * size,
      isShared: /\bshared\b/.test(flags!),
    }));
  } catch (error) {
    if (error instanceof ToolFailure || (error as VirtSimilarityError).code === 'unavailable') {
      return undefined;
    }
    throw error;
  } finally {
    await file.close();
  }
}
