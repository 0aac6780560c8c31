import { readError } from '../reading/read-error.js';
import type { InspectedImage } from './inspected-image.js';
import type { QemuCall } from './qemu-call.js';
import { isCount, qemuImgJson } from './qemu-img.js';

const SECTOR_BYTES = 512;

/** What `qemu-img info` prints, as far as it is used. */
interface PrintedInfo {
  readonly 'virtual-size': number;
}

/** What qemu says of an image as a whole. */
export interface ImageInfo {
  /** Bytes that the guest sees, as qemu counts them: a multiple of 512. */
  readonly virtualSize: number;
}

/**
 * Asks `qemu-img info`.
 *
 * @throws as `qemuImgJson`.
 */
export async function imageInfo(image: InspectedImage, call: QemuCall): Promise<ImageInfo> {
  const info = await qemuImgJson(['info'], isInfo, image, call);
  return { virtualSize: info['virtual-size'] };
}

/**
 * @param size Bytes, as qemu counts them.
 * @throws `refused` unless qemu sees a disk of the size that inspection found, to the sector: where they differ, they
 *   do not mean the same content.
 */
export function requireSameSize(size: number, { virtualSize }: InspectedImage, call: QemuCall): void {
  if (size !== Math.ceil(virtualSize / SECTOR_BYTES) * SECTOR_BYTES) {
    const found = `its header describes a disk of ${virtualSize} bytes, but qemu sees ${size}`;
    throw readError(call, 'refused', `${found}; convert it with the program that made it`);
  }
}

function isInfo(output: unknown): output is PrintedInfo {
  return isCount((output as PrintedInfo | null | undefined)?.['virtual-size']);
}
