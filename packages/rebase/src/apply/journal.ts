import { type FileHandle, open, readlink, symlink, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasEnded, OpenDirectory, processMark, readSmallFile, systemPath } from '@virt-similarity/core';
import { excerptOf, VirtSimilarityError } from '@virt-similarity/core/errors';
import { z } from 'zod';

/** The size of the largest journal that is read, in bytes. */
const LARGEST_JOURNAL = 1024 * 1024 * 1024;

/** The size of the largest lock file, in bytes. */
const LARGEST_LOCK = 1024;

/** The error codes of file systems without symbolic links. */
const NO_LINKS: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

const integer = z.string().regex(/^\d+$/);
const entrySchema = z.discriminatedUnion('event', [
  /** The first entry: the id and the text of the plan that is applied. */
  z.object({ event: z.literal('began'), plan: z.string(), text: z.string() }),
  /** A new file is complete, was checked, and is on disk. Numbers are decimal. */
  z.object({
    event: z.literal('written'),
    path: z.string(),
    device: integer,
    inode: integer,
    size: integer,
    mtimeNs: integer,
  }),
  /** A base is about to lose its write permissions; `mode` has its permission bits before that. */
  z.object({ event: z.literal('protected'), path: z.string(), mode: z.number() }),
  /** An image that changed before it was replaced; it stays as it is, and the plan goes on without it. */
  z.object({ event: z.literal('gave-up'), path: z.string() }),
  /** Every file is in its place. */
  z.object({ event: z.literal('applied') }),
  /** The originals are being deleted, so any of them can be missing. */
  z.object({ event: z.literal('committing') }),
  /** All originals were deleted. */
  z.object({ event: z.literal('committed') }),
  /** Every original is back, and the new files are removed. */
  z.object({ event: z.literal('rolled-back') }),
]);

/** An entry of a journal. */
export type JournalEntry = z.output<typeof entrySchema>;

/** The state of a new file when it was complete. */
export type JournalFile = Extract<JournalEntry, { readonly event: 'written' }>;

/**
 * The record of how far a plan was applied, in a file beside the plan: one JSON object per line. Each entry is flushed
 * to disk before the next step starts. The journal states which files were complete; where these files are now is
 * determined from the file system.
 */
export class Journal {
  readonly entries: JournalEntry[];
  readonly #file: FileHandle | undefined;
  readonly #lock: string | undefined;

  private constructor(file: FileHandle | undefined, entries: JournalEntry[], lock?: string) {
    this.#file = file;
    this.#lock = lock;
    this.entries = entries;
  }

  /**
   * Returns the entries of a journal; none if the file does not exist. An incomplete last line is left out.
   *
   * @throws as `readSmallFile`, and `corrupt` if a complete line is not an entry.
   */
  static async read(path: string): Promise<JournalEntry[]> {
    return (await completeLines(path))
      .toString('utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => entryOf(line, path));
  }

  /**
   * Opens the journal for appending. Creates the file if it does not exist, and removes an incomplete last line. Until
   * the journal is closed, a lock file beside it prevents other processes from opening it.
   *
   * @throws as `read`; `in-use` if another process has the journal open; and the errors of creating and opening files.
   */
  static async open(path: string): Promise<Journal> {
    const lock = `${path}.lock`;
    await takeLock(lock);
    try {
      const entries = await Journal.read(path);
      const file = await open(systemPath(path), 'a', 0o600);
      try {
        // A killed process may have left an incomplete line.
        await file.truncate((await completeLines(path)).length);
        await syncDirectory(dirname(path));
      } catch (thrown) {
        await file.close();
        throw thrown;
      }
      return new Journal(file, entries, lock);
    } catch (thrown) {
      await unlink(systemPath(lock));
      throw thrown;
    }
  }

  /** Returns a journal that is not written to a file, for a dry run. */
  static forTrial(entries: JournalEntry[]): Journal {
    return new Journal(undefined, entries);
  }

  async append(entry: JournalEntry): Promise<void> {
    await this.#file?.appendFile(lineOf(entry));
    await this.#file?.sync();
    this.entries.push(entry);
  }

  /** Returns the last record of a written file; `undefined` if there is none. */
  written(path: string): JournalFile | undefined {
    return this.entries.findLast((entry) => entry.event === 'written' && entry.path === path) as
      | JournalFile
      | undefined;
  }

  has(event: JournalEntry['event']): boolean {
    return this.entries.some((entry) => entry.event === event);
  }

  /** @throws `refused` if the entries belong to another plan. */
  static requirePlan([first]: readonly JournalEntry[], id: string, path: string): void {
    if (first !== undefined && (first.event !== 'began' || first.plan !== id)) {
      throw new VirtSimilarityError(
        'refused',
        `the journal ${path} belongs to another plan; roll that plan back or commit it, then move its journal elsewhere`,
      );
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
    if (this.#lock !== undefined) {
      await unlink(systemPath(this.#lock));
    }
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await OpenDirectory.open(path);
  try {
    await directory.sync();
  } finally {
    directory.close();
  }
}

/** Returns the complete lines of a file; nothing if it does not exist. */
async function completeLines(path: string): Promise<Buffer> {
  try {
    const content = await readSmallFile(path, LARGEST_JOURNAL);
    return content.subarray(0, content.lastIndexOf('\n') + 1);
  } catch (thrown) {
    if ((thrown as { cause?: { code?: string } }).cause?.code === 'ENOENT') {
      return Buffer.alloc(0);
    }
    throw thrown;
  }
}

/**
 * Creates a lock file with the mark of this process. Replaces the lock file of a process that is known to have ended.
 *
 * @throws `in-use` if another process has the lock, or may have it.
 */
async function takeLock(path: string): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt++) {
    if (await createMarkedFile(path)) {
      return;
    }
    await removeStaleLock(path);
  }
  const problem = `another process is using this plan; wait until it ends, or delete ${path} if no such process is running`;
  throw new VirtSimilarityError('in-use', problem, { image: path });
}

/**
 * Removes a lock file whose process has ended. A second lock file, whose name contains the mark of the ended process,
 * ensures that no other process replaces the first lock file between the check and the removal.
 */
async function removeStaleLock(path: string): Promise<void> {
  const mark = await staleMarkIn(path);
  if (mark === undefined) {
    return;
  }
  const guard = `${path}.${mark}`;
  if (await createMarkedFile(guard)) {
    try {
      if ((await staleMarkIn(path)) === mark) {
        await unlink(systemPath(path));
      }
    } finally {
      await unlink(systemPath(guard));
    }
  }
}

/** Returns the mark in a lock file if the process with this mark has ended; otherwise `undefined`. */
async function staleMarkIn(path: string): Promise<string | undefined> {
  const mark = await readlink(systemPath(path)).catch(async () =>
    (await readSmallFile(path, LARGEST_LOCK).catch(() => '')).toString(),
  );
  return (await hasEnded(mark, () => 0)) ? mark : undefined;
}

/**
 * Creates a symbolic link whose target is the mark of this process, because a link is created with its content at once:
 * a process that is killed while it writes a file leaves one without a mark. On file systems without symbolic links,
 * creates a file. Returns `false` if the name exists already.
 */
async function createMarkedFile(path: string): Promise<boolean> {
  try {
    await symlink(processMark(), systemPath(path)).catch(async (thrown: NodeJS.ErrnoException) => {
      if (!NO_LINKS.has(thrown.code)) {
        throw thrown;
      }
      await writeFile(systemPath(path), processMark(), { flag: 'wx', mode: 0o600 });
    });
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') {
      return false;
    }
    throw thrown;
  }
}

function entryOf(line: string, path: string): JournalEntry {
  try {
    return entrySchema.parse(JSON.parse(line));
  } catch (cause) {
    throw new VirtSimilarityError(
      'corrupt',
      `cannot use ${path}: expected entries of a journal, found ${excerptOf(line)}`,
      {
        image: path,
        cause,
      },
    );
  }
}

function lineOf(entry: JournalEntry): string {
  return `${JSON.stringify(entry)}\n`;
}
