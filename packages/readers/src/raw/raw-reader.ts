import type { DiskImage, DiskReader, DiskSource, ImageIdentity, ReadOptions } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core';
import { expectLockQuestions } from '../chain-map/writer-locks.js';
import { identityOf } from '../inspection/identity-of.js';
import { inspectQuietly } from '../inspection/inspect-quietly.js';
import type { InspectedImage } from '../inspection/inspected-image.js';
import { qemuCall } from '../qemu/qemu-call.js';
import { openRawImage } from './open-raw-image.js';

/**
 * Reads raw images: regular files, and block devices that the user names. Needs no outside program; where qemu-img is
 * installed, holes are not read.
 */
export class RawReader implements DiskReader {
  readonly name = 'raw';

  async canRead(source: DiskSource, options: ReadOptions): Promise<boolean> {
    return (await inspectQuietly(source, options)).format === 'raw';
  }

  async identify(source: DiskSource, options: ReadOptions): Promise<ImageIdentity> {
    return identityOf(await this.#inspectRaw(source, options));
  }

  async open(source: DiskSource, options: ReadOptions): Promise<DiskImage> {
    expectLockQuestions();
    const call = qemuCall({ component: this.name }, source, options);
    return openRawImage(await this.#inspectRaw(source, options), options, call);
  }

  async #inspectRaw(source: DiskSource, options: ReadOptions): Promise<InspectedImage> {
    // Inspection notes nothing of a raw image, and what it notes of another is for that one's reader to say.
    const image = await inspectQuietly(source, options);
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
