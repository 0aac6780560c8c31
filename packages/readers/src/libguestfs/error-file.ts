import { open, stat } from 'node:fs/promises';

/** Bytes at the end of the file that are searched for the last error. `LIBGUESTFS_DEBUG=1` makes the file long. */
const TAIL_BYTES = 64 * 1024;

const ERROR_LINE = /\blibguestfs: error: (.*)$/;

/** Errors that only say that there was an error. */
const UNINFORMATIVE = /guestfs_launch failed|see earlier error messages|see debug messages above/;

/** The file that receives guestfish's standard error. */
export class ErrorFile {
  readonly #path: string;
  #skipped = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Makes `last` ignore everything written so far. */
  async skip(): Promise<void> {
    this.#skipped = (await stat(this.#path)).size;
  }

  /**
   * Returns the last informative error since `skip`, or else the last error since then, on one line and without its
   * prefix; `undefined` if there is none.
   */
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
