import { type DiskSource, VirtSimilarityError, wording } from '@virt-similarity/core';
import type { InspectedImage } from '@virt-similarity/image-tools';
import { FORMAT_NAMES } from './format-names.js';

/**
 * Requires an image in a format of qemu.
 *
 * @throws `usage` for a raw disk that is compressed or split.
 */
export function requireQemuFormat({ format }: InspectedImage, { path }: DiskSource, reader: string): void {
  if (!FORMAT_NAMES.includes(format)) {
    throw new VirtSimilarityError(
      'usage',
      wording`[${reader}] cannot open ${path}: it is a raw disk in the form ${format}; choose ${{ option: 'reader', value: 'raw' }}`,
      { image: path },
    );
  }
}
