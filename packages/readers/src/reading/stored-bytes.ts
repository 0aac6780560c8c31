import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import {
  classifyFailure,
  type ErrorCode,
  type Layer,
  messageOf,
  systemPath,
  type VirtSimilarityError,
} from '@virt-similarity/core';
import { readError, type Speaker } from './read-error.js';
import { readUpTo } from './read-up-to.js';

/** The bytes that stand in an image's layers. Their files are opened as they are needed. */
export class StoredBytes {
  readonly #layers: readonly Layer[];
  readonly #speaker: Speaker;
  readonly #files = new Map<number, Promise<FileHandle>>();
  #isClosed = false;

  constructor(layers: readonly Layer[], speaker: Speaker) {
    this.#layers = layers;
    this.#speaker = speaker;
  }

  /**
   * Fills `target` with the bytes at `offset` of a layer's file.
   *
   * @throws VirtSimilarityError `changed` where the file was replaced or became shorter; `unavailable` for want of open
   * files or memory; `unreadable`, also once this was closed.
   */
  async read(layer: number, target: Uint8Array, offset: number): Promise<void> {
    const file = await this.#file(layer);
    const filled = await this.#attempt(layer, `cannot be read at byte ${offset}`, () => readUpTo(file, target, offset));
    if (filled < target.length) {
      throw this.#error('changed', layer, `ends at byte ${offset + filled} now; leave it alone and try again`);
    }
  }

  /** The open file of a layer, to be read from until this is closed. Throws as `read`. */
  async descriptor(layer: number): Promise<number> {
    return (await this.#file(layer)).fd;
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

  #file(layer: number): Promise<FileHandle> {
    if (this.#isClosed) {
      throw readError(this.#speaker, 'unreadable', 'it was closed');
    }
    const file = this.#files.get(layer) ?? this.#open(layer);
    this.#files.set(layer, file);
    return file;
  }

  async #open(layer: number): Promise<FileHandle> {
    const { path, device, inode } = this.#layers[layer]!;
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await this.#attempt(layer, 'cannot be opened', () => open(systemPath(path), flags));
    try {
      const { dev, ino } = await this.#attempt(layer, 'cannot be opened', () => file.stat({ bigint: true }));
      if (dev !== device || ino !== inode) {
        throw this.#error('changed', layer, 'was replaced by another file; leave it alone and try again');
      }
      return file;
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }

  async #attempt<T>(layer: number, failing: string, operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (cause) {
      if (this.#isClosed) {
        throw readError(this.#speaker, 'unreadable', 'it was closed', cause);
      }
      const { code, ending } = classifyFailure(cause, 'unreadable', 'check it and its storage');
      throw this.#error(code, layer, `${failing} (${messageOf(cause)})${ending}`, cause);
    }
  }

  #error(code: ErrorCode, layer: number, happened: string, cause?: unknown): VirtSimilarityError {
    return readError(this.#speaker, code, `${this.#layers[layer]?.path} ${happened}`, cause);
  }
}
