import {
  type DiskImage,
  type Extent,
  type ImageIdentity,
  messageOf,
  throwIfAborted,
  VirtSimilarityError,
} from '@virt-similarity/core';
import {
  alsoEndedBy,
  findProgram,
  type InspectedImage,
  QEMU_IMG,
  type QemuCall,
  rangeOf,
  requireRange,
  StoredBytes,
} from '@virt-similarity/image-tools';
import { expectedFilesOf } from '../inspection/identity-of.js';
import type { Inspected } from '../inspection/inspections.js';
import { mapExtents } from '../qemu/extents.js';
import { prefetchFirst } from './prefetch-first.js';

/** A raw image: a file, or a part of a file, contains the bytes of the disk as they are. */
export class RawImage implements DiskImage {
  readonly virtualSize: number;
  readonly identity: ImageIdentity;
  readonly #image: InspectedImage;
  readonly #call: QemuCall;
  /** The caller's signal, which `close` does not abort. */
  readonly #signal: AbortSignal | undefined;
  readonly #stored: StoredBytes;
  /** Where the image begins in its file. */
  readonly #offset: number;
  readonly #closing = new AbortController();
  /** The map that `prefetchMap` started, until `extents` uses it. */
  #prefetched: ReturnType<typeof prefetchFirst<Extent>> | undefined;

  constructor({ image, identity }: Inspected, call: QemuCall) {
    const { offset, length } = rangeOf(image);
    this.virtualSize = length;
    this.#offset = offset;
    this.identity = identity;
    this.#image = image;
    this.#signal = call.signal;
    this.#call = alsoEndedBy(call, this.#closing.signal);
    this.#stored = new StoredBytes(expectedFilesOf(image), call);
  }

  /**
   * Starts to find the holes for the next call of `extents`, if qemu-img is installed and the image is not a block
   * device. Does not wait for the result.
   */
  async prefetchMap(): Promise<void> {
    if (await this.#canMapHoles()) {
      this.#prefetched = prefetchFirst(mapExtents(this.#image, this.#call));
    }
  }

  async *extents(): AsyncGenerator<Extent, void> {
    throwIfAborted(this.#call.signal);
    let position = 0;
    if (this.#prefetched !== undefined || (await this.#canMapHoles())) {
      for await (const extent of this.#mappedExtents()) {
        yield extent;
        position = extent.start + extent.length;
      }
    }
    if (position < this.virtualSize) {
      const length = this.virtualSize - position;
      yield { kind: 'data', start: position, length, stored: { file: 0, offset: this.#offset + position } };
    }
  }

  async read(target: Uint8Array, position: number): Promise<void> {
    throwIfAborted(this.#signal);
    requireRange(position, target.length, this.virtualSize, this.#call);
    await this.#stored.read(0, target, this.#offset + position);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#prefetched?.return();
    await this.#stored.close();
  }

  /**
   * Yields the extents of the map. Knowing the holes only saves time. Therefore, if mapping fails, warns and ends, and
   * the caller reads the rest of the image as data.
   *
   * @throws `aborted`, and `in-use` if the image has a writer.
   */
  async *#mappedExtents(): AsyncGenerator<Extent, void> {
    const map = this.#prefetched ?? mapExtents(this.#image, this.#call);
    this.#prefetched = undefined;
    try {
      yield* map;
    } catch (thrown) {
      if (thrown instanceof VirtSimilarityError && ['aborted', 'in-use'].includes(thrown.code)) {
        throw thrown;
      }
      const { component, image, warn } = this.#call;
      warn?.(`[${component}] ${image}: its holes are read as data (${messageOf(thrown)})`);
    }
  }

  async #canMapHoles(): Promise<boolean> {
    return !this.#image.isDevice && (await findProgram(QEMU_IMG.command)) !== undefined;
  }
}
