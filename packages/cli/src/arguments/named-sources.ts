import type { DiskSource } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import type { ScannedArgument, ScannedOption } from './scan-arguments.js';

/**
 * Returns the images in the order in which they were named, as operands or by options. Each has the format of the last
 * `--format` before it.
 *
 * @throws `usage` if an option's value is empty: with the text before it, it could name all images of a source.
 */
export function namedSources(scanned: readonly ScannedArgument[]): DiskSource[] {
  const sources: DiskSource[] = [];
  let format: string | undefined;
  for (const argument of scanned) {
    if (argument.kind === 'operand') {
      sources.push(sourceOf(argument.value, format));
    } else if (argument.flag.images !== undefined) {
      sources.push(sourceOf(argument.flag.images + requiredValue(argument), format));
    } else if (argument.flag.name === 'format') {
      // `auto` cancels an earlier --format.
      format = argument.value === 'auto' ? undefined : argument.value;
    }
  }
  return sources;
}

function requiredValue({ flag, value }: ScannedOption): string {
  if (flag.takesValue && value === '') {
    throw new VirtSimilarityError('usage', `${flag.long}: expected a ${flag.placeholder}, found nothing`);
  }
  return value ?? '';
}

function sourceOf(path: string, format: string | undefined): DiskSource {
  return format === undefined ? { path } : { path, format };
}
