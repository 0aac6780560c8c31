import type { FileStamp } from '@virt-similarity/core';
import { type ByteRange, chainOf, type InspectedImage, rangeOf } from '@virt-similarity/image-tools';

const SECTOR_BYTES = 512;

/**
 * A file that stores one range of the guest-visible disk. The range begins where the range of the previous file ends.
 */
export interface StorageFile {
  /**
   * The end of the range in bytes, exclusive; `Infinity` for an image without a VMDK text descriptor, which has only
   * one file.
   */
  readonly end: number;
  readonly stamp: FileStamp;
  /** The part of the file that the driver of the image's format reads. */
  readonly range: ByteRange;
  /** Whether the image is raw, so that each byte is stored at its guest-visible position within `range`. */
  readonly isRaw: boolean;
}

/**
 * Returns the data files of each image in the chain, top image first. A VMDK text descriptor has one file per extent,
 * in guest order; every other image has one file.
 */
export function storageFiles(top: InspectedImage): readonly (readonly StorageFile[])[] {
  return chainOf(top).map((image) => {
    const { file, format, extentFiles, descriptor } = image;
    if (descriptor === undefined) {
      return [{ end: Infinity, stamp: file, range: rangeOf(image), isRaw: format === 'raw' }];
    }
    let end = 0;
    return extentFiles.map((stamp, index) => {
      end += Number(descriptor.extents[index]!.sectors) * SECTOR_BYTES;
      return { end, stamp, range: rangeOf({ file: stamp }), isRaw: false };
    });
  });
}
