import { READ_DEFAULTS, type ReadOptions } from '../contracts/disk-reader.js';
import { VirtSimilarityError, wording } from '../errors.js';

/** The size of a disk in bytes: its exact size, or the size of the part of a stream that was read. */
export type FoundSize = { readonly path: string } & ({ readonly virtualSize: number } | { readonly atLeast: number });

/**
 * Requires that a virtual size is allowed. If the header of an image states the size, the project's own readers have
 * already checked it.
 *
 * @throws `refused` if the size exceeds `maxVirtualSize`.
 */
export function requireAllowedSize(
  found: FoundSize,
  { maxVirtualSize = READ_DEFAULTS.maxVirtualSize }: Pick<ReadOptions, 'maxVirtualSize'>,
): void {
  const { path } = found;
  const size = 'atLeast' in found ? found.atLeast : found.virtualSize;
  if (size <= maxVirtualSize) {
    return;
  }
  const problem =
    'atLeast' in found
      ? wording`${path}: its content is longer than ${maxVirtualSize} bytes, the limit; raise ${{ option: 'maxVirtualSize' }}`
      : wording`${path}: its virtual size is ${size} bytes, the limit is ${maxVirtualSize}; pass ${{ option: 'maxVirtualSize', value: size }}`;
  throw new VirtSimilarityError('refused', wording`${problem} to allow it`, { image: path });
}
