import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import {
  classifyFailure,
  type ErrorCode,
  type ExpectedFile,
  isExpected,
  messageOf,
  systemPath,
  type VirtSimilarityError,
  type Wording,
  wording,
} from '@virt-similarity/core';
import { type ErrorContext, readError } from './read-error.js';
import { readUpTo } from './read-up-to.js';

/** The bytes of an image's files. Each file is opened when it is first needed. */
export class StoredBytes {
  readonly #expected: readonly ExpectedFile[];
  readonly #errorContext: ErrorContext;
  readonly #files = new Map<number, Promise<FileHandle>>();
  #isClosed = false;

  /** @param files the files, with the states that they must have when they are opened */
  constructor(files: readonly ExpectedFile[], errorContext: ErrorContext) {
    this.#expected = files;
    this.#errorContext = errorContext;
  }

  /**
   * Fills `target` with the bytes at `offset` of the file at `index` in the list.
   *
   * @throws `changed` if the file is not in its expected state when it is opened, or ends before `target` is filled;
   *   `unavailable` if a system resource is exhausted, such as open files; `unreadable` on other errors and after
   *   `close`.
   */
  async read(index: number, target: Uint8Array, offset: number): Promise<void> {
    const file = await this.#file(index);
    const filled = await this.#attempt(index, `cannot be read at byte ${offset}`, () => readUpTo(file, target, offset));
    if (filled < target.length) {
      throw this.#error(
        'changed',
        index,
        `now has no data from byte ${offset + filled}; wait until no program is changing it, then try again`,
      );
    }
  }

  /**
   * Opens the file at `index` in the list if needed, and returns its descriptor, which is valid until `close`.
   *
   * @throws as `read`.
   */
  async descriptor(index: number): Promise<number> {
    return (await this.#file(index)).fd;
  }

  /** Closes every file. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const files = [...this.#files.values()];
    this.#files.clear();
    for (const outcome of await Promise.allSettled(files)) {
      if (outcome.status === 'fulfilled') {
        await outcome.value.close();
      }
    }
  }

  #file(index: number): Promise<FileHandle> {
    if (this.#isClosed) {
      throw readError(this.#errorContext, 'unreadable', 'it was closed');
    }
    const file = this.#files.get(index) ?? this.#open(index);
    this.#files.set(index, file);
    return file;
  }

  async #open(index: number): Promise<FileHandle> {
    const expected = this.#expected[index]!;
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await this.#attempt(index, 'cannot be opened', () => open(systemPath(expected.stamp.path), flags));
    try {
      const stats = await this.#attempt(index, 'cannot be opened', () => file.stat({ bigint: true }));
      if (!isExpected(expected, stats)) {
        throw this.#error(
          'changed',
          index,
          'was written to or replaced; wait until no program is changing it, then try again',
        );
      }
      return file;
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }

  async #attempt<T>(index: number, failing: string, operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (cause) {
      if (this.#isClosed) {
        throw readError(this.#errorContext, 'unreadable', 'it was closed', cause);
      }
      const { code, ending } = classifyFailure(cause, 'unreadable', 'check the file, its permissions and its storage');
      throw this.#error(code, index, wording`${failing} (${messageOf(cause)})${ending}`, cause);
    }
  }

  #error(code: ErrorCode, index: number, happened: Wording, cause?: unknown): VirtSimilarityError {
    return readError(this.#errorContext, code, wording`${this.#expected[index]!.stamp.path} ${happened}`, cause);
  }
}
