import type { DiskImage, Extent, FileStamp, ImageIdentity } from '@virt-similarity/core';
import { allSettled, type InspectedImage, type QemuCall, requireRange } from '@virt-similarity/image-tools';
import { identityOf } from '../inspection/identity-of.js';
import { RawImage } from './raw-image.js';

/** A part of the disk, as a separate image. */
interface Part {
  /** Position of its first byte in the disk. */
  readonly start: number;
  readonly image: RawImage;
}

/** A raw disk that is divided into several files. */
export class SplitImage implements DiskImage {
  readonly virtualSize: number;
  readonly identity: ImageIdentity;
  readonly #parts: readonly Part[];
  readonly #call: QemuCall;

  constructor(image: InspectedImage, call: QemuCall) {
    this.virtualSize = image.virtualSize;
    this.identity = identityOf(image);
    this.#call = call;
    let start = 0;
    this.#parts = [image.file, ...image.extentFiles].map((file) => {
      const part = { start, image: partOf(image, file, call) };
      start += part.image.virtualSize;
      return part;
    });
  }

  async *extents(): AsyncGenerator<Extent, void> {
    for (const [file, { start, image }] of this.#parts.entries()) {
      for await (const extent of image.extents()) {
        const moved = { ...extent, start: start + extent.start };
        yield moved.kind === 'zero' || moved.stored === undefined
          ? moved
          : { ...moved, stored: { file, offset: moved.stored.offset } };
      }
    }
  }

  async read(target: Uint8Array, position: number): Promise<void> {
    const end = position + target.length;
    requireRange(position, target.length, this.virtualSize, this.#call);
    const reads = this.#parts.map(async ({ start, image }) => {
      const from = Math.max(position, start);
      const to = Math.min(end, start + image.virtualSize);
      if (from < to) {
        await image.read(target.subarray(from - position, to - position), from - start);
      }
    });
    await allSettled(reads);
  }

  async close(): Promise<void> {
    await Promise.all(this.#parts.map(({ image }) => image.close()));
  }
}

function partOf({ access }: InspectedImage, file: FileStamp, call: QemuCall): RawImage {
  const virtualSize = Number(file.size);
  const image: InspectedImage = {
    format: 'raw',
    file,
    isDevice: false,
    extentFiles: [],
    virtualSize,
    backing: undefined,
    ...(access && { access }),
  };
  return new RawImage({ image, identity: identityOf(image) }, call);
}
