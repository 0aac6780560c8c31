import type { DiskImage, Extent, ImageIdentity, ReadOptions } from '@virt-similarity/core';
import {
  alsoEndedBy,
  type InspectedImage,
  type QemuCall,
  readError,
  requireRange,
  ServedBytes,
} from '@virt-similarity/image-tools';
import { requireNoWriter } from '../chain-map/require-no-writer.js';
import { ChainBytes } from '../inflation/chain-bytes.js';
import { identityOf } from '../inspection/identity-of.js';
import type { Inspected } from '../inspection/inspections.js';
import { mapExtents } from './extents.js';

/**
 * Opens an image after its inspection. The caller closes it.
 *
 * @throws as `requireNoWriter`.
 */
export async function openQemuImage(
  inspected: Inspected,
  options: Pick<ReadOptions, 'allowInUse' | 'warn'>,
  call: QemuCall,
): Promise<QemuImage> {
  const image = await requireNoWriter(inspected.image, options, call);
  return new QemuImage(image === inspected.image ? inspected : { image, identity: identityOf(image) }, call);
}

/**
 * A disk image as qemu sees it: a chain of qcow2, vhdx and raw images is read and decompressed here, and the rest is
 * read from qemu-nbd. The map is not kept, because the map of a fragmented image is long.
 */
export class QemuImage implements DiskImage {
  readonly virtualSize: number;
  readonly identity: ImageIdentity;
  readonly #image: InspectedImage;
  readonly #call: QemuCall;
  readonly #chain: ChainBytes;
  readonly #served: ServedBytes;
  /**
   * Resolves once the complete map has been checked. Every read waits for this promise, because only the map shows
   * damage: reading a damaged part can return zeros.
   */
  #sound: Promise<void> | undefined;
  readonly #closing = new AbortController();

  constructor({ image, identity }: Inspected, call: QemuCall) {
    this.virtualSize = image.virtualSize;
    this.identity = identity;
    this.#image = image;
    this.#call = alsoEndedBy(call, this.#closing.signal);
    this.#chain = new ChainBytes(image, this.#call);
    this.#served = new ServedBytes(image, call);
  }

  async *extents(): AsyncGenerator<Extent, void> {
    yield* mapExtents(this.#image, this.#call);
    this.#sound = Promise.resolve();
  }

  async read(target: Uint8Array, position: number): Promise<void> {
    requireRange(position, target.length, this.virtualSize, this.#call);
    this.#requireOpen();
    try {
      this.#sound ??= drain(this.extents());
      await this.#sound;
      if (!(await this.#chain.read(target, position))) {
        await this.#served.read(target, position);
      }
    } finally {
      // If closing interrupted the read, the error to report is that the image was closed.
      this.#requireOpen();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const mapped = this.#sound?.catch(() => undefined);
    await Promise.all([mapped, this.#chain.close(), this.#served.close()]);
  }

  #requireOpen(): void {
    if (this.#closing.signal.aborted) {
      throw readError(this.#call, 'unreadable', 'it was closed');
    }
  }
}

async function drain(extents: AsyncIterable<Extent>): Promise<void> {
  for await (const _ of extents) {
    // Only errors matter.
  }
}
