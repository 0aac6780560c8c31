import type { Analysis, AnalyzedImage } from '@virt-similarity/core';
import { formatBytes, formatCount } from './quantities.js';

/**
 * Summarizes the images on one line: count, virtual size, data, and data shared with another image at the same
 * position.
 */
export function summarize(analysis: Pick<Analysis, 'images' | 'failures' | 'parameters'>): string {
  const { images, failures, parameters } = analysis;
  const total = (bytes: (image: AnalyzedImage) => number) => images.reduce((sum, image) => sum + bytes(image), 0);
  // The last block of an image can be partial.
  const sizeOf = (blocks: number, { virtualSize }: AnalyzedImage) =>
    Math.min(blocks * parameters.blockSize, virtualSize);
  const failed = failures.length === 0 ? '' : ` (${failures.length} more failed)`;
  const virtual = formatBytes(total((image) => image.virtualSize));
  const data = formatBytes(total((image) => sizeOf(image.dataBlocks, image)));
  const shared = formatBytes(total((image) => sizeOf(image.repeatedBlocks ?? 0, image)));
  return (
    `${formatCount(images.length, 'image')}${failed}: ${virtual} virtual, ${data} data, ` +
    `of which ${shared} are shared with another image at the same position`
  );
}
