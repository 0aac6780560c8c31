import type { FileStamp } from '@virt-similarity/core';
import { chainOf, type InspectedImage } from '@virt-similarity/image-tools';

const SECTOR_BYTES = 512;

/** The file that holds an image's bytes up to a position in the guest-visible disk. */
export interface StorageFile {
  /** The first guest-visible position after its bytes. */
  readonly end: number;
  readonly layer: FileStamp;
}

/**
 * Returns, for each image of a chain, top first, the files that hold its stored bytes, in the order of the bytes: one
 * file, except for a VMDK text descriptor, which lists several.
 */
export function storageFiles(top: InspectedImage): readonly (readonly StorageFile[])[] {
  return chainOf(top).map(({ file, extentFiles, descriptor }) => {
    if (descriptor === undefined) {
      return [{ end: Infinity, layer: file }];
    }
    let end = 0;
    return extentFiles.map((layer, index) => {
      end += Number(descriptor.extents[index]!.sectors) * SECTOR_BYTES;
      return { end, layer };
    });
  });
}
