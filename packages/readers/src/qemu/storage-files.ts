import type { FileStamp } from '@virt-similarity/core';
import { chainOf, type InspectedImage } from '@virt-similarity/image-tools';

const SECTOR_BYTES = 512;

/** A file that holds one range of the guest-visible disk, from where the previous file ends. */
export interface StorageFile {
  /** The end of the range in bytes, exclusive. */
  readonly end: number;
  readonly stamp: FileStamp;
}

/**
 * Returns the data files of each image in the chain, top image first. A VMDK text descriptor has one file per extent, in guest
 * order; every other image has one file.
 */
export function storageFiles(top: InspectedImage): readonly (readonly StorageFile[])[] {
  return chainOf(top).map(({ file, extentFiles, descriptor }) => {
    if (descriptor === undefined) {
      return [{ end: Infinity, stamp: file }];
    }
    let end = 0;
    return extentFiles.map((stamp, index) => {
      end += Number(descriptor.extents[index]!.sectors) * SECTOR_BYTES;
      return { end, stamp };
    });
  });
}
