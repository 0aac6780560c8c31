import { readFile, rm } from 'node:fs/promises';
import { type DiskImage, fileStampsOf } from '@virt-similarity/core';
import { runTool } from '../fixtures/index.js';
import { require } from './fuzz-target.js';

/** The size, in bytes, of the largest disk that is read completely. */
export const LARGEST_DISK = 16 * 2 ** 20;
/** The most extents that are checked of a larger disk: a corrupt header can declare a disk of many TiB. */
const MOST_EXTENTS = 20_000;

/**
 * Lists the extents of an image, and reads its data. Returns the bytes that a guest would see; `undefined` for a disk
 * that is larger than `LARGEST_DISK`, of which nothing is read.
 *
 * @throws Finding unless the extents are in order and gapless, and their stored bytes are within their files; and what
 *   reading throws
 */
export async function guestContent(image: DiskImage): Promise<Buffer | undefined> {
  const { virtualSize, identity } = image;
  const content = virtualSize <= LARGEST_DISK ? Buffer.alloc(virtualSize, 0xff) : undefined;
  let position = 0;
  let extents = 0;
  for await (const extent of image.extents()) {
    extents += 1;
    require(extent.start === position && extent.length > 0, `an extent at ${position}, found ${extent.start}`);
    position += extent.length;
    require(position <= virtualSize, `extents up to ${virtualSize}, found ${position}`);
    if (extent.kind === 'data' && extent.stored !== undefined) {
      const layer = fileStampsOf(identity)[extent.stored.file];
      const end = extent.stored.offset + extent.length;
      require(layer !== undefined && extent.stored.offset >= 0, 'a place in a layer');
      require(BigInt(end) <= layer.size, `stored bytes within ${layer.size}, found ${end}`);
    }
    if (content !== undefined) {
      const target = content.subarray(extent.start, position);
      if (extent.kind === 'zero') {
        target.fill(0);
      } else {
        await image.read(target, extent.start);
      }
    }
    if (content === undefined && extents >= MOST_EXTENTS) {
      return undefined;
    }
  }
  require(position === virtualSize, `extents up to ${virtualSize}, found ${position}`);
  return content;
}

/**
 * Converts an image with qemu-img. Returns the image's content, `failed` if qemu-img cannot read a part of it, or
 * `refused` after any other failure.
 */
export async function convertedContent(path: string, format: string): Promise<Buffer | 'refused' | 'failed'> {
  const raw = `${path}.converted`;
  try {
    await runTool('qemu-img', ['convert', '-f', format, '-O', 'raw', path, raw]);
    return await readFile(raw);
  } catch (thrown) {
    return /error while reading/.test(String(thrown)) ? 'failed' : 'refused';
  } finally {
    await rm(raw, { force: true });
  }
}
