import { READ_DEFAULTS, type ReadOptions } from '@virt-similarity/core';

/** Why a disk of so many bytes is refused, with the remedy; nothing where the user allows it. */
export function tooLarge(
  virtualSize: number,
  { maxVirtualSize = READ_DEFAULTS.maxVirtualSize }: Pick<ReadOptions, 'maxVirtualSize'>,
): string | undefined {
  return virtualSize > maxVirtualSize
    ? `it claims a disk of ${virtualSize} bytes, allowed are ${maxVirtualSize}; pass --max-virtual-size ${virtualSize} if it really has them`
    : undefined;
}
