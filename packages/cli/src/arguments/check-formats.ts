import type { DiskSource } from '@virt-similarity/core';
import { didYouMean, VirtSimilarityError } from '@virt-similarity/core/errors';

/** Throws `usage` where a stated format is none of those known, before anything is read. */
export function checkFormats(sources: readonly DiskSource[], known: readonly string[]): void {
  for (const { format } of sources) {
    if (format !== undefined && !known.includes(format)) {
      throw new VirtSimilarityError(
        'usage',
        `--format: expected one of ${known.join(', ')}; found '${format}'${didYouMean(format, known)}`,
      );
    }
  }
}
