import type { DiskSource } from '@virt-similarity/core';
import type { ScannedArgument } from './scan-arguments.js';

/**
 * Returns the images in the order in which they were named, as operands or with `--add`. Each has the format of the
 * last `--format` before it.
 */
export function namedSources(scanned: readonly ScannedArgument[]): DiskSource[] {
  const sources: DiskSource[] = [];
  let format: string | undefined;
  for (const argument of scanned) {
    if (argument.kind === 'operand') {
      sources.push(sourceOf(argument.value, format));
    } else if (argument.flag.name === 'add') {
      sources.push(sourceOf(argument.value ?? '', format));
    } else if (argument.flag.name === 'format') {
      // `auto` cancels an earlier --format.
      format = argument.value === 'auto' ? undefined : argument.value;
    }
  }
  return sources;
}

function sourceOf(path: string, format: string | undefined): DiskSource {
  return format === undefined ? { path } : { path, format };
}
