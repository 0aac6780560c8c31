import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { type NamedImage, STANDARD_INPUT } from '../commands/named-image.js';
import type { ScannedArgument, ScannedOption } from './scan-arguments.js';

/**
 * Returns the images and lists of images in the order in which they were named, as operands or by options. Each has the
 * format of the last `--format` before it. The operand `-` is a list on standard input.
 *
 * @throws `usage` if the value of an option that names images or lists is empty. After a prefix such as `libvirt:`, an
 *   empty value would name all images of that source.
 */
export function namedSources(scanned: readonly ScannedArgument[]): NamedImage[] {
  const named: NamedImage[] = [];
  let format: string | undefined;
  for (const argument of scanned) {
    if (argument.kind === 'operand') {
      const { value } = argument;
      named.push(inFormat(format, value === STANDARD_INPUT ? { list: value } : { path: value }));
    } else if (argument.flag.lists) {
      named.push(inFormat(format, { list: requiredValue(argument) }));
    } else if (argument.flag.images !== undefined) {
      named.push(inFormat(format, { path: argument.flag.images + requiredValue(argument) }));
    } else if (argument.flag.name === 'format') {
      // `auto` cancels an earlier --format.
      format = argument.value === 'auto' ? undefined : argument.value;
    }
  }
  return named;
}

function requiredValue({ flag, value }: ScannedOption): string {
  if (flag.takesValue && value === '') {
    throw new VirtSimilarityError('usage', `${flag.long}: expected a ${flag.placeholder}, found nothing`);
  }
  return value ?? '';
}

function inFormat(format: string | undefined, named: NamedImage): NamedImage {
  return format === undefined ? named : { ...named, format };
}
