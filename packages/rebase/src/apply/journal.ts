import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OpenDirectory, readSmallFile, systemPath } from '@virt-similarity/core';
import { excerptOf, VirtSimilarityError } from '@virt-similarity/core/errors';
import { z } from 'zod';

/** Bytes of the largest journal that is read. */
const LARGEST_JOURNAL = 1024 * 1024 * 1024;

const integer = z.string().regex(/^\d+$/);
const entrySchema = z.discriminatedUnion('event', [
  /** The first entry: the plan that is applied. */
  z.object({ event: z.literal('began'), plan: z.string() }),
  /** A new file is complete, was checked, and is on disk. Numbers are decimal. */
  z.object({
    event: z.literal('written'),
    path: z.string(),
    device: integer,
    inode: integer,
    size: integer,
    mtimeNs: integer,
  }),
  /** A base lost its write permissions; these are the permission bits that it had. */
  z.object({ event: z.literal('protected'), path: z.string(), mode: z.number() }),
  /** Every file is in its place. */
  z.object({ event: z.literal('applied') }),
  /** The originals may have been deleted. */
  z.object({ event: z.literal('committing') }),
  /** All originals were deleted. */
  z.object({ event: z.literal('committed') }),
  /** Every original is back, and the new files are removed. */
  z.object({ event: z.literal('rolled-back') }),
]);

/** An entry of a journal. */
export type JournalEntry = z.output<typeof entrySchema>;

/** A file that was written, as it was when it was complete. */
export type JournalFile = Extract<JournalEntry, { readonly event: 'written' }>;

/**
 * The record of a plan's application, in a file beside the plan: one JSON object per line. Each entry is flushed to
 * disk before the next step starts. Where a file is now is read from the file system; the journal states which files
 * were complete.
 */
export class Journal {
  readonly entries: JournalEntry[];
  readonly #file: FileHandle | undefined;

  private constructor(file: FileHandle | undefined, entries: JournalEntry[]) {
    this.#file = file;
    this.entries = entries;
  }

  /**
   * Returns the entries of a journal; none if the file does not exist. A last line that is cut off is left out.
   *
   * @throws `unreadable`, and `corrupt` if a line is no entry.
   */
  static async read(path: string): Promise<JournalEntry[]> {
    try {
      const text = (await readSmallFile(path, LARGEST_JOURNAL)).toString('utf8');
      const lines = text.split('\n');
      lines.pop();
      return lines.map((line) => entryOf(line, path));
    } catch (thrown) {
      if ((thrown as { cause?: { code?: string } }).cause?.code === 'ENOENT') {
        return [];
      }
      throw thrown;
    }
  }

  /** Opens the journal for appending, and creates it if needed. */
  static async open(path: string): Promise<Journal> {
    const entries = await Journal.read(path);
    const file = await open(systemPath(path), 'a', 0o600);
    // A killed process may have left half a line.
    await file.truncate(entries.reduce((bytes, entry) => bytes + Buffer.byteLength(lineOf(entry)), 0));
    const directory = await OpenDirectory.open(dirname(path));
    try {
      await directory.sync();
    } finally {
      directory.close();
    }
    return new Journal(file, entries);
  }

  /** Returns a journal that is not written, for a trial. */
  static forTrial(entries: JournalEntry[]): Journal {
    return new Journal(undefined, entries);
  }

  async append(entry: JournalEntry): Promise<void> {
    await this.#file?.appendFile(lineOf(entry));
    await this.#file?.sync();
    this.entries.push(entry);
  }

  /** Returns the last record of a written file. */
  written(path: string): JournalFile | undefined {
    return this.entries.findLast((entry) => entry.event === 'written' && entry.path === path) as
      | JournalFile
      | undefined;
  }

  has(event: JournalEntry['event']): boolean {
    return this.entries.some((entry) => entry.event === event);
  }

  /** @throws `refused` if the entries are of another plan. */
  static requirePlan([first]: readonly JournalEntry[], id: string, path: string): void {
    if (first !== undefined && (first.event !== 'began' || first.plan !== id)) {
      throw new VirtSimilarityError(
        'refused',
        `the journal ${path} is of another plan; move it away to apply this one`,
      );
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
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
