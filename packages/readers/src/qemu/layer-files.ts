import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Layer, messageOf, VirtSimilarityError } from '@virt-similarity/core';

/** The files of an image, opened for reading as they are needed. */
export class LayerFiles {
  readonly #layers: readonly Layer[];
  readonly #component: string;
  readonly #image: string;
  readonly #handles = new Map<number, Promise<FileHandle>>();

  constructor(layers: readonly Layer[], component: string, image: string) {
    this.#layers = layers;
    this.#component = component;
    this.#image = image;
  }

  /**
   * Fills `target` with the bytes at `offset` of a layer's file.
   *
   * @throws VirtSimilarityError `changed` where the file was replaced or became shorter, `unreadable`.
   */
  async read(layer: number, target: Uint8Array, offset: number): Promise<void> {
    const handle = await this.#handle(layer);
    for (let filled = 0; filled < target.length; ) {
      const { bytesRead } = await this.#attempt(layer, () =>
        handle.read(target, filled, target.length - filled, offset + filled),
      );
      if (bytesRead === 0) {
        throw this.#error('changed', layer, `ends at byte ${offset + filled} now; leave it alone and try again`);
      }
      filled += bytesRead;
    }
  }

  /** Closes every file. Idempotent. */
  async close(): Promise<void> {
    const handles = [...this.#handles.values()];
    this.#handles.clear();
    for (const outcome of await Promise.allSettled(handles)) {
      if (outcome.status === 'fulfilled') {
        await outcome.value.close();
      }
    }
  }

  #handle(layer: number): Promise<FileHandle> {
    const handle = this.#handles.get(layer) ?? this.#open(layer);
    this.#handles.set(layer, handle);
    return handle;
  }

  async #open(layer: number): Promise<FileHandle> {
    const { path, device, inode } = this.#layers[layer]!;
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const handle = await this.#attempt(layer, () => open(path, flags));
    const stats = await handle.stat({ bigint: true });
    if (stats.dev !== device || stats.ino !== inode) {
      await handle.close();
      throw this.#error('changed', layer, 'was replaced by another file; leave it alone and try again');
    }
    return handle;
  }

  async #attempt<T>(layer: number, operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (cause) {
      throw this.#error('unreadable', layer, `cannot be read (${messageOf(cause)}); check it and its storage`, cause);
    }
  }

  #error(code: 'changed' | 'unreadable', layer: number, happened: string, cause?: unknown): VirtSimilarityError {
    const path = this.#layers[layer]?.path;
    const message = `[${this.#component}] cannot read ${this.#image}: ${path} ${happened}`;
    return new VirtSimilarityError(code, message, { image: this.#image, cause });
  }
}
