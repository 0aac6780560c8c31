import type { DiskImage, DiskReader, DiskSource, ImageIdentity, ReadOptions } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core';
import { expectLockQuestions } from '../chain-map/writer-locks.js';
import { IMAGE_EXTENSIONS } from '../inspection/decide-format.js';
import { namedInFormat } from '../inspection/format-remedy.js';
import { identityOf } from '../inspection/identity-of.js';
import { inspect } from '../inspection/inspect.js';
import { inspectToChoose, inspectToIdentify } from '../inspection/inspect-quietly.js';
import type { InspectedImage } from '../inspection/inspected-image.js';
import { qemuCall } from '../qemu/qemu-call.js';
import { openRawImage } from './open-raw-image.js';

/**
 * Reads raw images: regular files, and block devices that the user names. Needs no outside program; where qemu-img is
 * installed, holes are not read.
 */
export class RawReader implements DiskReader {
  readonly name = 'raw';
  readonly extensions = IMAGE_EXTENSIONS;
  readonly fallback = true;

  async canRead(source: DiskSource, options: ReadOptions): Promise<boolean> {
    return (await inspectToChoose(source, options)).format === 'raw';
  }

  async identify(source: DiskSource, options: ReadOptions): Promise<ImageIdentity> {
    return identityOf(await this.#inspectRaw(source, options));
  }

  async open(source: DiskSource, options: ReadOptions): Promise<DiskImage> {
    expectLockQuestions();
    const call = qemuCall({ component: this.name }, source, options);
    const notes: string[] = [];
    const image = await this.#inspectRaw(source, { ...options, warn: (note) => void notes.push(note) }, inspect);
    // What inspection notes of an image in another format is for that one's reader to report.
    for (const note of notes) {
      options.warn?.(note);
    }
    return openRawImage(image, options, call);
  }

  async #inspectRaw(source: DiskSource, options: ReadOptions, look = inspectToIdentify): Promise<InspectedImage> {
    const image = await look(source, options);
    if (image.format !== 'raw') {
      throw new VirtSimilarityError(
        'usage',
        `[raw] cannot open ${source.path}: it is a ${image.format} image; choose --reader qemu, or name it as ${namedInFormat(source.path, 'raw', source.format)} to compare its bytes as they are`,
        { image: source.path },
      );
    }
    return image;
  }
}
