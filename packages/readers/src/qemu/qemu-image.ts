import type { DiskImage, Extent, ImageIdentity, ReadOptions } from '@virt-similarity/core';
import { respectWriters } from '../chain-map/respect-writers.js';
import { InflatedBytes } from '../inflation/inflated-bytes.js';
import { identityOf } from '../inspection/identity-of.js';
import type { InspectedImage } from '../inspection/inspected-image.js';
import { allSettled } from '../reading/all-settled.js';
import { readError } from '../reading/read-error.js';
import { requireRange } from '../reading/require-range.js';
import { StoredBytes } from '../reading/stored-bytes.js';
import { ExtentIndex } from './extent-index.js';
import { mapExtents } from './extents.js';
import { virtualSizeOf } from './image-info.js';
import { alsoEndedBy, type QemuCall } from './qemu-call.js';
import { ServedBytes } from './served-bytes.js';

/** Opens an image after its inspection. Throws as `respectWriters` and `virtualSizeOf` do. */
export async function openQemuImage(
  inspected: InspectedImage,
  options: Pick<ReadOptions, 'allowInUse' | 'warn'>,
  call: QemuCall,
): Promise<QemuImage> {
  const image = await respectWriters(inspected, options, call);
  return new QemuImage(image, await virtualSizeOf(image, call), call);
}

/**
 * A disk image as qemu sees it: what stands verbatim in a file is read there, what qcow2 compresses by deflate is
 * decompressed here, the rest comes through qemu-nbd.
 */
export class QemuImage implements DiskImage {
  readonly virtualSize: number;
  readonly identity: ImageIdentity;
  readonly #image: InspectedImage;
  readonly #call: QemuCall;
  readonly #stored: StoredBytes;
  readonly #served: ServedBytes;
  readonly #inflated: InflatedBytes;
  #index: Promise<ExtentIndex> | undefined;
  readonly #closing = new AbortController();

  constructor(image: InspectedImage, virtualSize: number, call: QemuCall) {
    this.virtualSize = virtualSize;
    this.identity = identityOf(image);
    this.#image = image;
    this.#call = alsoEndedBy(call, this.#closing.signal);
    this.#stored = new StoredBytes(this.identity.layers, call);
    this.#served = new ServedBytes(image, call);
    this.#inflated = new InflatedBytes(image, this.#call);
  }

  extents(): AsyncIterable<Extent> {
    return mapExtents(this.#image, this.#call);
  }

  async read(target: Uint8Array, position: number): Promise<void> {
    requireRange(position, target.length, this.virtualSize, this.#call);
    this.#requireOpen();
    try {
      await this.#fill(target, position);
    } finally {
      // Whatever else happened, a read that closing cut off says so.
      this.#requireOpen();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const mapped = this.#index?.catch(() => undefined);
    await Promise.all([mapped, this.#inflated.close(), this.#served.close(), this.#stored.close()]);
  }

  async #fill(target: Uint8Array, position: number): Promise<void> {
    this.#index ??= collect(this.extents());
    const parts = [...(await this.#index).between(position, position + target.length)];
    await allSettled(
      parts.map((extent) =>
        this.#readPart(extent, target.subarray(extent.start - position, extent.start - position + extent.length)),
      ),
    );
  }

  async #readPart(extent: Extent, target: Uint8Array): Promise<void> {
    this.#requireOpen();
    if (extent.kind === 'zero') {
      target.fill(0);
    } else if (extent.stored === undefined) {
      await this.#readUnstored(target, extent.start);
    } else {
      await this.#stored.read(extent.stored.layer, target, extent.stored.offset);
    }
  }

  async #readUnstored(target: Uint8Array, position: number): Promise<void> {
    if (!(await this.#inflated.read(target, position))) {
      await this.#served.read(target, position);
    }
  }

  #requireOpen(): void {
    if (this.#closing.signal.aborted) {
      throw readError(this.#call, 'unreadable', 'it was closed');
    }
  }
}

async function collect(extents: AsyncIterable<Extent>): Promise<ExtentIndex> {
  const collected: Extent[] = [];
  for await (const extent of extents) {
    collected.push(extent);
  }
  return new ExtentIndex(collected);
}
