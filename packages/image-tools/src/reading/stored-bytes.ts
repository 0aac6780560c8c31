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
import { readError, type Speaker } from './read-error.js';
import { readUpTo } from './read-up-to.js';

/** The bytes that are stored in an image's files, which are opened as they are needed. */
export class StoredBytes {
  readonly #expected: readonly ExpectedFile[];
  readonly #speaker: Speaker;
  readonly #files = new Map<number, Promise<FileHandle>>();
  #isClosed = false;

  /** @param files what the files must be when they are opened */
  constructor(files: readonly ExpectedFile[], speaker: Speaker) {
    this.#expected = files;
    this.#speaker = speaker;
  }

  /**
   * Fills `target` with the bytes at `offset` of a file.
   *
   * @throws `changed` where the file was replaced or written to before it was opened, or became
   *   shorter; `unavailable` where open files or memory run out; `unreadable` on other errors, and once this was closed.
   */
  async read(place: number, target: Uint8Array, offset: number): Promise<void> {
    const file = await this.#file(place);
    const filled = await this.#attempt(place, `cannot be read at byte ${offset}`, () => readUpTo(file, target, offset));
    if (filled < target.length) {
      throw this.#error('changed', place, `ends at byte ${offset + filled} now; leave it alone and try again`);
    }
  }

  /**
   * An open file, to be read from until this is closed.
   *
   * @throws as `read`.
   */
  async descriptor(place: number): Promise<number> {
    return (await this.#file(place)).fd;
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

  #file(place: number): Promise<FileHandle> {
    if (this.#isClosed) {
      throw readError(this.#speaker, 'unreadable', 'it was closed');
    }
    const file = this.#files.get(place) ?? this.#open(place);
    this.#files.set(place, file);
    return file;
  }

  async #open(place: number): Promise<FileHandle> {
    const expected = this.#expected[place]!;
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await this.#attempt(place, 'cannot be opened', () => open(systemPath(expected.stamp.path), flags));
    try {
      const stats = await this.#attempt(place, 'cannot be opened', () => file.stat({ bigint: true }));
      if (!isExpected(expected, stats)) {
        throw this.#error('changed', place, 'was written to or replaced; leave it alone and try again');
      }
      return file;
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }

  async #attempt<T>(place: number, failing: string, operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (cause) {
      if (this.#isClosed) {
        throw readError(this.#speaker, 'unreadable', 'it was closed', cause);
      }
      const { code, ending } = classifyFailure(cause, 'unreadable', 'check it and its storage');
      throw this.#error(code, place, wording`${failing} (${messageOf(cause)})${ending}`, cause);
    }
  }

  #error(code: ErrorCode, place: number, happened: Wording, cause?: unknown): VirtSimilarityError {
    return readError(this.#speaker, code, wording`${this.#expected[place]!.stamp.path} ${happened}`, cause);
  }
}
