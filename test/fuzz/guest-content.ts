import { readFile, rm } from 'node:fs/promises';
import { type DiskImage, fileStampsOf } from '@virt-similarity/core';
import { runTool } from '../fixtures/index.js';
import { require } from './fuzz-target.js';

/** Larger disks are not read as a whole. */
export const LARGEST_DISK = 16 * 2 ** 20;
/** Extents that are looked at: a wrong header may make a file of a few MiB a disk of many TiB. */
const MOST_EXTENTS = 20_000;

/**
 * The bytes that a guest would see, put together as a worker does; nothing for disks beyond `LARGEST_DISK`. The extents
 * must be in order and gapless and their stored bytes within their files.
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
 * What qemu-img convert makes of an image: its content, or whether it refuses to open it, or fails when it comes to what
 * cannot be read.
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
