import type { DiskImage, DiskReader, DiskSource, ImageIdentity, ReadOptions } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core';
import { identityOf } from '../inspection/identity-of.js';
import { inspect } from '../inspection/inspect.js';
import type { InspectedImage } from '../inspection/inspected-image.js';
import { RawImage } from './raw-image.js';

/**
 * Reads raw images: regular files, and block devices that the user names. Needs no outside program; where qemu-img is
 * installed, holes are not read.
 */
export class RawReader implements DiskReader {
  readonly name = 'raw';

  async canRead(source: DiskSource, options: ReadOptions): Promise<boolean> {
    return (await inspect(source, quietly(options))).format === 'raw';
  }

  async identify(source: DiskSource, options: ReadOptions): Promise<ImageIdentity> {
    return identityOf(await this.#inspectRaw(source, options));
  }

  async open(source: DiskSource, options: ReadOptions): Promise<DiskImage> {
    return RawImage.open(source, await this.#inspectRaw(source, options), options);
  }

  async #inspectRaw(source: DiskSource, options: ReadOptions): Promise<InspectedImage> {
    const image = await inspect(source, quietly(options));
    if (image.format !== 'raw') {
      throw new VirtSimilarityError(
        'usage',
        `[raw] cannot open ${source.path}: it is a ${image.format} image; choose --reader qemu, or pass --format raw to compare the file as it is`,
        { image: source.path },
      );
    }
    return image;
  }
}

/** A raw image gives inspection nothing to note; what it would note of another format is for that one's reader to say. */
function quietly({ warn: _, ...options }: ReadOptions): ReadOptions {
  return options;
}
