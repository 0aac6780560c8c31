import { type DiskImage, type Extent, type ImageIdentity, throwIfAborted } from '@virt-similarity/core';
import { type InspectedImage, type QemuCall, readError, requireRange } from '@virt-similarity/image-tools';
import type { Inspected } from '../inspection/inspections.js';
import { mapExtents } from '../qemu/extents.js';
import { TransferCache } from './transfer-cache.js';
import { planTransfers, type Transfer, transfersWithin } from './transfers.js';

/** An image's access to its drive. */
export interface DriveAccess {
  /** Returns the `length` bytes at `start` of the drive. */
  transfer(start: number, length: number): Promise<Uint8Array>;
  /** Called once, when the image is closed. */
  release(): Promise<void>;
}

/**
 * A disk image whose data comes from an appliance, in transfers of up to 32 MiB. Long runs of zeros in the image's map
 * are not transferred. No extent has a storage location, so all data goes through libguestfs.
 */
export class LibguestfsImage implements DiskImage {
  readonly virtualSize: number;
  readonly identity: ImageIdentity;
  readonly #image: InspectedImage;
  readonly #call: QemuCall;
  readonly #access: DriveAccess;
  readonly #cache: TransferCache;
  #transfers: Promise<readonly Transfer[]> | undefined;
  #closed: Promise<void> | undefined;

  constructor({ image, identity }: Inspected, virtualSize: number, call: QemuCall, access: DriveAccess) {
    this.virtualSize = virtualSize;
    this.identity = identity;
    this.#image = image;
    this.#call = call;
    this.#access = access;
    this.#cache = new TransferCache(async (index) => {
      const { start, length } = (await this.#plan())[index]!;
      return access.transfer(start, length);
    });
  }

  async *extents(): AsyncGenerator<Extent, void> {
    for await (const extent of mapExtents(this.#image, this.#call)) {
      if (extent.kind === 'zero') {
        yield extent;
      } else {
        const { stored: _, ...data } = extent;
        yield data;
      }
    }
  }

  async read(target: Uint8Array, position: number): Promise<void> {
    requireRange(position, target.length, this.virtualSize, this.#call);
    this.#requireOpen();
    throwIfAborted(this.#call.signal);
    try {
      await this.#fill(target, position, position + target.length);
    } finally {
      // If closing interrupted the read, the error to report is that the image was closed.
      this.#requireOpen();
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#access.release();
    this.#cache.clear();
    return this.#closed;
  }

  async #fill(target: Uint8Array, position: number, end: number): Promise<void> {
    const transfers = await this.#plan();
    let filled = position;
    for (const index of transfersWithin(transfers, position, end)) {
      const { start, length } = transfers[index]!;
      const [from, to] = [Math.max(start, position), Math.min(start + length, end)];
      const bytes = await this.#cache.take(index, from - start, to - start);
      target.fill(0, filled - position, from - position);
      target.set(bytes, from - position);
      filled = to;
    }
    target.fill(0, filled - position);
  }

  /** Plans the transfers once, and again if planning failed. */
  #plan(): Promise<readonly Transfer[]> {
    this.#transfers ??= planTransfers(this.extents()).catch((thrown: unknown) => {
      this.#transfers = undefined;
      throw thrown;
    });
    return this.#transfers;
  }

  #requireOpen(): void {
    if (this.#closed !== undefined) {
      throw readError(this.#call, 'unreadable', 'it was closed');
    }
  }
}
