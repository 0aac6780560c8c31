import { sizeText } from '../size-text.js';
import type { ContentCounts } from './content-counts.js';
import type { ImageSpace } from './image-space.js';
import type { FreedBytes } from './shared-space.js';
import type { StoreEstimate } from './stores.js';

/** Returns the bytes that deleting files frees, as one size or as a range. */
export function freedText({ atLeast, atMost }: FreedBytes): string {
  return atLeast === atMost ? sizeText(atLeast) : `${sizeText(atLeast)} to ${sizeText(atMost)}`;
}

/** Returns a row for each image, and the total; `-` for what is not known. */
export function imageRows(images: readonly ImageSpace[], stored: number): string[][] {
  const size = (bytes: number | undefined) => (bytes === undefined ? '-' : sizeText(bytes));
  return [
    ['IMAGE', 'SIZE', 'DATA', 'STORED', 'RECLAIMABLE', 'ATTRIBUTED', 'NEEDED BY'],
    ...images.map((image) => [
      image.path,
      size(image.virtualSize),
      size(image.data),
      size(image.stored),
      image.reclaimable === undefined ? '-' : freedText(image.reclaimable),
      size(image.attributed),
      image.neededBy.join(', '),
    ]),
    ['total', '', '', size(stored), '', size(stored), ''],
  ];
}

/** Returns the columns that `zdb -S` prints, without those for compressed sizes. */
export function contentRows({ buckets, blockSize, blocks, distinct }: ContentCounts): string[][] {
  const row = (title: string, some: number, occurrences: number) => [
    title,
    String(some),
    sizeText(some * blockSize),
    String(occurrences),
    sizeText(occurrences * blockSize),
  ];
  return [
    ['REFCNT', 'ALLOCATED', 'LSIZE', 'REFERENCED', 'LSIZE'],
    ...buckets.map((bucket) => row(String(bucket.occurrences), bucket.distinct, bucket.blocks)),
    row('total', distinct, blocks),
  ];
}

/** Returns a row for each store. */
export function storeRows(stores: readonly StoreEstimate[]): string[][] {
  return [
    ['STORE', 'BLOCK', 'WOULD NEED', 'INDEX'],
    ...stores.map(({ name, blockSize, bytes, indexBytes }) => [
      name,
      sizeText(blockSize),
      sizeText(bytes),
      sizeText(indexBytes),
    ]),
  ];
}
