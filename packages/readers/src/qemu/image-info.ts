import type { InspectedImage } from '../inspection/inspected-image.js';
import { tooLarge } from '../inspection/largest-disk.js';
import { readError } from '../reading/read-error.js';
import type { QemuCall } from './qemu-call.js';
import { isCount, qemuImgJson } from './qemu-img.js';

/** What `qemu-img info` prints, as far as it is used. */
interface PrintedInfo {
  readonly 'virtual-size': number;
  readonly 'format-specific'?: { readonly data: { readonly extents?: readonly PrintedExtent[] } };
}

interface PrintedExtent {
  readonly filename: string;
  readonly 'virtual-size': number;
}

/** What qemu says of an image as a whole. */
export interface ImageInfo {
  /** Bytes that the guest sees, as qemu counts them: a multiple of 512. */
  readonly virtualSize: number;
  /** The files that hold the guest's bytes one after the other, where the format (VMDK) has such; else empty. */
  readonly extents: readonly { readonly path: string; readonly length: number }[];
}

/** Asks `qemu-img info`. Throws as `qemuImgJson`. */
export async function imageInfo(image: InspectedImage, call: QemuCall): Promise<ImageInfo> {
  const info = await qemuImgJson(['info'], isInfo, image, call);
  const extents = info['format-specific']?.data.extents ?? [];
  return {
    virtualSize: info['virtual-size'],
    extents: extents.map((extent) => ({ path: extent.filename, length: extent['virtual-size'] })),
  };
}

/**
 * Bytes that the guest sees: a raw image's are its file's, to the byte, where qemu would round up to a sector; others
 * are as the header says, or else as qemu says. Throws as `imageInfo`, and `refused` where qemu says more than is allowed.
 */
export async function virtualSizeOf(image: InspectedImage, call: QemuCall): Promise<number> {
  if (image.format === 'raw') {
    return Number(image.file.size);
  }
  if (image.virtualSize !== undefined) {
    return image.virtualSize;
  }
  const { virtualSize } = await imageInfo(image, call);
  const problem = tooLarge(virtualSize, call);
  if (problem !== undefined) {
    throw readError(call, 'refused', problem);
  }
  return virtualSize;
}

function isInfo(output: unknown): output is PrintedInfo {
  const info = output as PrintedInfo | null | undefined;
  const { data } = info?.['format-specific'] ?? { data: {} };
  const isData =
    typeof data === 'object' && data !== null && (data.extents === undefined || isExtentList(data.extents));
  return isCount(info?.['virtual-size']) && isData;
}

function isExtentList(value: unknown): value is readonly PrintedExtent[] {
  return (
    Array.isArray(value) && value.every((each) => typeof each?.filename === 'string' && isCount(each['virtual-size']))
  );
}
