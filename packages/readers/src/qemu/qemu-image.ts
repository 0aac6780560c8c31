import { type DiskImage, type Extent, type ImageIdentity, VirtSimilarityError } from '@virt-similarity/core';
import { identityOf } from '../inspection/identity-of.js';
import type { InspectedImage } from '../inspection/inspected-image.js';
import { ExtentIndex } from './extent-index.js';
import { mapExtents } from './extents.js';
import { LayerFiles } from './layer-files.js';
import type { QemuCall } from './qemu-call.js';
import { ServedBytes } from './served-bytes.js';

/** A disk image as qemu sees it: what stands verbatim in a file is read there, the rest through qemu-nbd. */
export class QemuImage implements DiskImage {
  readonly virtualSize: number;
  readonly identity: ImageIdentity;
  readonly #image: InspectedImage;
  readonly #call: QemuCall;
  readonly #name: string;
  readonly #files: LayerFiles;
  readonly #served: ServedBytes;
  #index: Promise<ExtentIndex> | undefined;
  #isClosed = false;

  constructor(image: InspectedImage, virtualSize: number, call: QemuCall) {
    this.virtualSize = virtualSize;
    this.identity = identityOf(image);
    this.#image = image;
    this.#call = call;
    this.#name = call.image ?? image.file.path;
    this.#files = new LayerFiles(this.identity.layers, call.component, this.#name);
    this.#served = new ServedBytes(image, call);
  }

  extents(): AsyncIterable<Extent> {
    return mapExtents(this.#image, this.#call);
  }

  async read(target: Uint8Array, position: number): Promise<void> {
    const end = position + target.length;
    if (position < 0 || end > this.virtualSize) {
      throw this.#unreadable(`bytes ${position} to ${end} do not lie within its ${this.virtualSize} bytes`);
    }
    this.#requireOpen();
    this.#index ??= collect(this.extents());
    const index = await this.#index;
    const parts = [...index.between(position, end)];
    const reads = parts.map((extent) =>
      this.#readPart(extent, target.subarray(extent.start - position, extent.start - position + extent.length)),
    );
    // All are awaited before one rejects: afterwards the target is the caller's again.
    for (const outcome of await Promise.allSettled(reads)) {
      if (outcome.status === 'rejected') {
        throw outcome.reason;
      }
    }
    this.#requireOpen();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([this.#served.close(), this.#files.close()]);
  }

  async #readPart(extent: Extent, target: Uint8Array): Promise<void> {
    this.#requireOpen();
    if (extent.kind === 'zero') {
      target.fill(0);
    } else if (extent.stored === undefined) {
      await this.#served.read(target, extent.start);
    } else {
      await this.#files.read(extent.stored.layer, target, extent.stored.offset);
    }
  }

  #requireOpen(): void {
    if (this.#isClosed) {
      throw this.#unreadable('it was closed');
    }
  }

  #unreadable(reason: string): VirtSimilarityError {
    const message = `[${this.#call.component}] cannot read ${this.#name}: ${reason}`;
    return new VirtSimilarityError('unreadable', message, { image: this.#name });
  }
}

async function collect(extents: AsyncIterable<Extent>): Promise<ExtentIndex> {
  const collected: Extent[] = [];
  for await (const extent of extents) {
    collected.push(extent);
  }
  return new ExtentIndex(collected);
}
