import { type Layer, realPath } from '@virt-similarity/core';
import { chainOf } from '../inspection/chain-of.js';
import type { InspectedImage } from '../inspection/inspected-image.js';
import { readError } from '../reading/read-error.js';
import { imageInfo } from './image-info.js';
import type { QemuCall } from './qemu-call.js';

/** The file that holds an image's bytes up to some position in the guest-visible disk. */
export interface StorageFile {
  /** First position that it does not hold. */
  readonly end: number;
  readonly layer: Layer;
}

/**
 * For each image of a chain, top first, the files that hold its stored bytes, in the order of the bytes: one, except
 * for a VMDK descriptor, whose extents qemu opens itself.
 *
 * @throws VirtSimilarityError `refused` where qemu opens other extents than those that were inspected.
 */
export async function storageFiles(top: InspectedImage, call: QemuCall): Promise<readonly (readonly StorageFile[])[]> {
  const chain: (readonly StorageFile[])[] = [];
  for (const image of chainOf(top)) {
    const { file, extentFiles } = image;
    chain.push(extentFiles.length === 0 ? [{ end: Infinity, layer: file }] : await extentsOf(image, call));
  }
  return chain;
}

async function extentsOf(image: InspectedImage, call: QemuCall): Promise<readonly StorageFile[]> {
  const { extents } = await imageInfo(image, call);
  let end = 0;
  const files: StorageFile[] = [];
  for (const extent of extents) {
    const path = await realPath(extent.path).catch(() => extent.path);
    const layer = image.extentFiles.find((candidate) => candidate.path === path);
    if (layer === undefined) {
      const found = `qemu opens ${extent.path}, which its inspection did not find`;
      throw readError(call, 'refused', `${found}; convert it with qemu-img convert first`);
    }
    end += extent.length;
    files.push({ end, layer });
  }
  return files;
}
