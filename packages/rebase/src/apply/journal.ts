import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OpenDirectory, readSmallFile, systemPath } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';

/** Bytes of the largest journal that is read. */
const LARGEST_JOURNAL = 1024 * 1024 * 1024;

/** A file that was written or linked, as it was when that was complete. Numbers are decimal. */
export interface JournalFile {
  readonly path: string;
  readonly inode: string;
  readonly size: string;
  readonly mtimeNs: string;
}

/** An entry of a journal. */
export type JournalEntry =
  /** The first entry: the plan that is applied. */
  | { readonly event: 'began'; readonly plan: string }
  /** A new file is complete, was checked, and is on disk. */
  | ({ readonly event: 'written' } & JournalFile)
  /** A base lost its write permissions; these are the ones that it had. */
  | { readonly event: 'protected'; readonly path: string; readonly mode: number }
  /** Every file is in its place. */
  | { readonly event: 'applied' }
  | { readonly event: 'committed' }
  | { readonly event: 'rolled-back' };

/**
 * The record of what was done with a plan, in a file beside it: one JSON text on each line. An entry is on disk before what
 * follows it is begun. What is done with the files themselves is seen from the files; the journal says which of them were
 * complete.
 */
export class Journal {
  readonly entries: JournalEntry[];
  readonly #file: FileHandle | undefined;

  private constructor(file: FileHandle | undefined, entries: JournalEntry[]) {
    this.#file = file;
    this.entries = entries;
  }

  /** Returns the entries of a journal; none if the file does not exist. A last line that is cut off is left out. */
  static async read(path: string): Promise<JournalEntry[]> {
    try {
      const text = (await readSmallFile(path, LARGEST_JOURNAL)).toString('utf8');
      const lines = text.split('\n');
      lines.pop();
      return lines.map((line) => JSON.parse(line) as JournalEntry);
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

function lineOf(entry: JournalEntry): string {
  return `${JSON.stringify(entry)}\n`;
}
