import { READ_DEFAULTS, type ReadOptions, type Wording, wording } from '@virt-similarity/core';

/** Why a disk of so many bytes is refused, with the remedy; nothing where the user allows it. */
export function tooLarge(
  virtualSize: number,
  { maxVirtualSize = READ_DEFAULTS.maxVirtualSize }: Pick<ReadOptions, 'maxVirtualSize'>,
): Wording | undefined {
  return virtualSize > maxVirtualSize
    ? wording`it claims a disk of ${virtualSize} bytes, allowed are ${maxVirtualSize}; pass ${{ option: 'maxVirtualSize', value: virtualSize }} if it really has them`
    : undefined;
}
