import { open, stat } from 'node:fs/promises';

/** Bytes at the end of the file in which the last error is looked for; `LIBGUESTFS_DEBUG=1` makes it long. */
const TAIL_BYTES = 64 * 1024;

const ERROR_LINE = /\blibguestfs: error: (.*)$/;

/** What says no more than that there was an error. */
const UNINFORMATIVE = /guestfs_launch failed|see earlier error messages|see debug messages above/;

/** What guestfish writes to its standard error, in a file. */
export class ErrorFile {
  readonly #path: string;
  #skipped = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Has `last` look only at what comes from now on. */
  async skip(): Promise<void> {
    this.#skipped = (await stat(this.#path)).size;
  }

  /** The last error told since `skip` that says something, on one line, without its prefix. */
  async last(): Promise<string | undefined> {
    const errors = (await this.#tail()).flatMap((line) => ERROR_LINE.exec(line)?.[1]?.trim() || []);
    return errors.findLast((error) => !UNINFORMATIVE.test(error)) ?? errors.at(-1);
  }

  async #tail(): Promise<string[]> {
    const file = await open(this.#path);
    try {
      const { size } = await file.stat();
      const start = Math.max(this.#skipped, size - TAIL_BYTES);
      const bytes = Buffer.alloc(Math.max(0, size - start));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
      return bytes.toString('utf8', 0, bytesRead).split('\n');
    } finally {
      await file.close();
    }
  }
}
