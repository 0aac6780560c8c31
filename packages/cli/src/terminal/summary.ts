import type { Analysis, AnalyzedImage } from '@virt-similarity/core';
import { formatBytes, formatCount } from './quantities.js';

/**
 * What the images amount to, on one line: their number, virtual size, data, and the data that stands in more than
 * one image at the same place.
 */
export function summarize(analysis: Pick<Analysis, 'images' | 'failures' | 'parameters'>): string {
  const { images, failures, parameters } = analysis;
  const total = (bytes: (image: AnalyzedImage) => number) => images.reduce((sum, image) => sum + bytes(image), 0);
  // The last block of an image may be a partial one.
  const sizeOf = (blocks: number, { virtualSize }: AnalyzedImage) =>
    Math.min(blocks * parameters.blockSize, virtualSize);
  const failed = failures.length === 0 ? '' : ` (${failures.length} more failed)`;
  const virtual = formatBytes(total((image) => image.virtualSize));
  const data = formatBytes(total((image) => sizeOf(image.dataBlocks, image)));
  const repeated = formatBytes(total((image) => sizeOf(image.repeatedBlocks ?? 0, image)));
  return (
    `${formatCount(images.length, 'image')}${failed}: ${virtual} virtual, ${data} data, ` +
    `of which ${repeated} stand in another image too, at the same place`
  );
}
