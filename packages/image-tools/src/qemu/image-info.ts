import { readError } from '../reading/read-error.js';
import type { InspectedImage } from './inspected-image.js';
import type { QemuCall } from './qemu-call.js';
import { isCount, qemuImgJson } from './qemu-img.js';

const SECTOR_BYTES = 512;

/** The part of the output of `qemu-img info` that is used. */
interface PrintedInfo {
  readonly 'virtual-size': number;
}

/** What qemu reports about an image, as far as it is used here. */
export interface ImageInfo {
  /** Bytes that the guest sees, rounded to sectors by qemu: a multiple of 512. */
  readonly virtualSize: number;
}

/**
 * Returns what `qemu-img info` reports about an image.
 *
 * @throws as `qemuImgJson`.
 */
export async function imageInfo(image: InspectedImage, call: QemuCall): Promise<ImageInfo> {
  const info = await qemuImgJson(['info'], isInfo, image, call);
  return { virtualSize: info['virtual-size'] };
}

/**
 * Requires that qemu reports the size that inspection found, rounded up to a sector. If the sizes differ, qemu and the
 * inspection interpret the image differently.
 *
 * @param size bytes, as reported by qemu
 * @throws `refused` if the sizes differ.
 */
export function requireSameSize(size: number, { virtualSize }: InspectedImage, call: QemuCall): void {
  if (size !== Math.ceil(virtualSize / SECTOR_BYTES) * SECTOR_BYTES) {
    const found = `its header describes a disk of ${virtualSize} bytes, but qemu reports ${size}`;
    throw readError(call, 'refused', `${found}; convert it with the program that made it`);
  }
}

function isInfo(output: unknown): output is PrintedInfo {
  return isCount((output as PrintedInfo | null | undefined)?.['virtual-size']);
}
