import { join } from 'node:path';
import { VirtSimilarityError } from '@virt-similarity/core';
import { QemuReader } from '@virt-similarity/readers';
import { openImage } from '../../fixtures/open-image.js';
import type { SeededRandom } from '../../fixtures/seeded-random.js';
import { described, mutate } from '../field-mutations.js';
import { Finding, type FuzzSubject, type FuzzTarget, require, type Verdict } from '../fuzz-target.js';
import { convertedContent, guestContent } from '../guest-content.js';
import { imageFields } from '../image-fields.js';
import { MutableFile } from '../mutable-file.js';
import { withChecksums } from '../repair.js';
import { MAPPED_SAMPLES, makeSamples, OTHER_SAMPLES, type SampleImage } from '../sample-images.js';

/**
 * The tables of qcow2 and vhdx, and compressed clusters, read without qemu. One in 20 accepted images is also compared
 * with the output of qemu-img.
 */
export const mappedContent: FuzzTarget = {
  name: 'mapped-content',
  share: 200,
  prepare: (directory) => ImageContent.prepare(directory, MAPPED_SAMPLES, 20),
};

/**
 * The other formats, read with qemu's tools, which take a hundred times as long. Every accepted image is also compared
 * with the output of qemu-img.
 */
export const otherContent: FuzzTarget = {
  name: 'other-content',
  share: 5,
  prepare: (directory) => ImageContent.prepare(directory, OTHER_SAMPLES, 1),
};

class ImageContent implements FuzzSubject {
  readonly #directory: string;
  readonly #files: readonly (readonly [SampleImage, MutableFile])[];
  /** One in this many accepted images is compared with the output of qemu-img. */
  readonly #converted: number;
  readonly #reader = new QemuReader();

  private constructor(directory: string, samples: readonly SampleImage[], converted: number) {
    this.#directory = directory;
    this.#files = samples.map((sample) => [sample, new MutableFile(join(directory, sample.extent ?? sample.file))]);
    this.#converted = converted;
  }

  static async prepare(directory: string, samples: readonly SampleImage[], converted: number): Promise<ImageContent> {
    await makeSamples(directory, samples);
    return new ImageContent(directory, samples, converted);
  }

  async execute(random: SeededRandom): Promise<Verdict> {
    const [{ file, format }, mutable] = random.oneOf(this.#files);
    const { content } = mutable;
    const path = join(this.#directory, file);
    const mutation = withChecksums(format, content, mutate(content, imageFields(format, content), random));
    try {
      return await mutable.during(mutation, () => this.#read(path, format, random));
    } catch (thrown) {
      if (thrown instanceof VirtSimilarityError) {
        throw thrown;
      }
      throw new Finding(`${file} with ${described(mutation)}: ${thrown instanceof Error ? thrown.stack : thrown}`);
    }
  }

  async #read(path: string, format: string, random: SeededRandom): Promise<Verdict> {
    const image = await openImage(this.#reader, { path, format }, { allowedDirectories: [this.#directory] });
    try {
      const content = await guestContent(image);
      if (content !== undefined && random.below(this.#converted) === 0) {
        // qemu also refuses images because of errors that do not affect their content, such as wrong snapshot tables.
        const expected = await convertedContent(path, format);
        require(expected !== 'failed', 'an error, because qemu-img convert fails');
        require(expected === 'refused' || content.equals(expected), 'the output of qemu-img convert');
      }
      return 'accepted';
    } finally {
      await image.close();
    }
  }

  async close(): Promise<void> {
    for (const [, file] of this.#files) {
      file.close();
    }
  }
}
